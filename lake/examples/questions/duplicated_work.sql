-- Which work was done twice: the same prompt, or the same file changed, in several threads within a week of each other?
--
-- A thread's sub-agents count as that thread. Forks are left out, since they begin with a copy of another thread. So are prompts of
-- less than 20 characters ("go on"). Work that follows the one before it within seven days belongs to the same row.
WITH work AS (
    SELECT
        thread,
        machine,
        home,
        project,
        coalesce(parent_thread, thread) AS main_thread,
        coalesce(repository, project, 'unknown') AS place
    FROM threads
    WHERE forked_from IS NULL
),
done AS (
    SELECT 'prompt' AS kind, w.place AS place, trim(u.prompt) AS what, w.main_thread AS main_thread, min(u.started_at) AS first_at
    FROM turns AS u
    JOIN work AS w ON w.thread = u.thread AND w.machine = u.machine AND w.home = u.home
    WHERE u.prompt IS NOT NULL AND char_length(trim(u.prompt)) >= 20
    GROUP BY w.place, trim(u.prompt), w.main_thread
    UNION ALL
    SELECT 'file' AS kind, c.place AS place, c.what AS what, c.main_thread AS main_thread, min(c.at) AS first_at
    FROM (
        SELECT
            w.place AS place,
            w.main_thread AS main_thread,
            f.at AS at,
            CASE
                WHEN substring(f.path, 1, length(w.project) + 1) = concat(w.project, '/')
                    THEN substring(f.path, length(w.project) + 2)
                ELSE f.path
            END AS what
        FROM file_changes AS f
        JOIN work AS w ON w.thread = f.thread AND w.machine = f.machine AND w.home = f.home
        WHERE f.status = 'completed'
    ) AS c
    GROUP BY c.place, c.what, c.main_thread
),
ordered AS (
    SELECT
        kind,
        place,
        what,
        main_thread,
        first_at,
        lag(first_at) OVER (PARTITION BY kind, place, what ORDER BY first_at, main_thread) AS before_at
    FROM done
),
marked AS (
    SELECT
        kind,
        place,
        what,
        main_thread,
        first_at,
        CASE WHEN first_at <= before_at + INTERVAL '7' DAY THEN 0 ELSE 1 END AS begins
    FROM ordered
),
numbered AS (
    SELECT
        kind,
        place,
        what,
        first_at,
        sum(begins) OVER (PARTITION BY kind, place, what ORDER BY first_at, main_thread) AS series
    FROM marked
)
SELECT kind, place AS repository, what, count(*) AS threads, min(first_at) AS begun_at, max(first_at) AS last_at
FROM numbered
GROUP BY kind, place, what, series
HAVING count(*) > 1
ORDER BY threads DESC, kind, repository, what, begun_at
LIMIT 100;
