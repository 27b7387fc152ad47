-- Which turns took longest?
SELECT
    u.duration_ms AS duration_ms,
    coalesce(t.repository, t.project, 'unknown') AS repository,
    u.machine AS machine,
    u.thread AS thread,
    u.turn AS turn,
    u.status AS status,
    u.items AS items,
    u.prompt AS prompt
FROM turns AS u
JOIN threads AS t ON t.thread = u.thread AND t.machine = u.machine AND t.home = u.home
WHERE u.duration_ms IS NOT NULL
ORDER BY duration_ms DESC, thread, machine, turn
LIMIT 50;
