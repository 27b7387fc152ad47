-- How long do agents work until they first change a file?
--
-- What counts is the time that turns took, not that between them. The change happens somewhere in its turn, so there are two figures:
-- the turns before it, and those with it. They are medians; the threads that changed nothing are told beside them.
WITH firsts AS (
    SELECT thread, machine, home, min(turn) AS first_turn
    FROM file_changes
    WHERE status = 'completed'
    GROUP BY thread, machine, home
),
waits AS (
    SELECT
        u.thread AS thread,
        u.machine AS machine,
        u.home AS home,
        f.first_turn AS first_turn,
        coalesce(sum(CASE WHEN u.turn < f.first_turn THEN u.duration_ms END), 0) AS least_ms,
        coalesce(sum(u.duration_ms), 0) AS most_ms
    FROM turns AS u
    JOIN firsts AS f ON f.thread = u.thread AND f.machine = u.machine AND f.home = u.home
    WHERE u.turn <= f.first_turn
    GROUP BY u.thread, u.machine, u.home, f.first_turn
),
placed AS (
    SELECT
        coalesce(t.repository, t.project, 'unknown') AS place,
        w.first_turn AS first_turn,
        w.least_ms AS least_ms,
        w.most_ms AS most_ms
    FROM waits AS w
    JOIN threads AS t ON t.thread = w.thread AND t.machine = w.machine AND t.home = w.home
),
ordered AS (
    SELECT
        place,
        first_turn,
        least_ms,
        most_ms,
        row_number() OVER (PARTITION BY place ORDER BY first_turn) AS turn_rank,
        row_number() OVER (PARTITION BY place ORDER BY least_ms) AS least_rank,
        row_number() OVER (PARTITION BY place ORDER BY most_ms) AS most_rank,
        count(*) OVER (PARTITION BY place) AS ranks
    FROM placed
),
totals AS (
    SELECT coalesce(repository, project, 'unknown') AS place, count(*) AS all_threads
    FROM threads
    GROUP BY coalesce(repository, project, 'unknown')
)
SELECT
    o.place AS repository,
    count(*) AS threads,
    max(a.all_threads) - count(*) AS threads_without_change,
    min(CASE WHEN o.turn_rank * 2 >= o.ranks THEN o.first_turn END) AS median_turn,
    min(CASE WHEN o.least_rank * 2 >= o.ranks THEN o.least_ms END) AS median_ms_before,
    min(CASE WHEN o.most_rank * 2 >= o.ranks THEN o.most_ms END) AS median_ms_with
FROM ordered AS o
JOIN totals AS a ON a.place = o.place
GROUP BY o.place
ORDER BY median_ms_with DESC, repository;
