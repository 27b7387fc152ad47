-- Who is active when: at which hours of the day do turns begin on each machine?
--
-- Hours are those of the session's time zone. Sub-agents are left out, since nobody sits before them.
SELECT
    coalesce(max(m.machine_name), u.machine) AS who,
    extract(HOUR FROM u.started_at) AS hour_of_day,
    count(*) AS begun_turns,
    count(DISTINCT u.thread) AS threads,
    count(DISTINCT CAST(u.started_at AS DATE)) AS days
FROM turns AS u
JOIN threads AS t ON t.thread = u.thread AND t.machine = u.machine AND t.home = u.home
LEFT JOIN (SELECT machine, max(name) AS machine_name FROM machines GROUP BY machine) AS m ON m.machine = u.machine
WHERE t.parent_thread IS NULL AND lower(t.source) NOT LIKE 'subagent%'
GROUP BY u.machine, extract(HOUR FROM u.started_at)
ORDER BY who, hour_of_day;
