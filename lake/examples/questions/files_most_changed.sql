-- Which files do agents change most?
--
-- A path inside of its thread's directory is told from there, so that copies of a repository on several machines count as one.
WITH changed AS (
    SELECT
        coalesce(t.repository, t.project, 'unknown') AS repository,
        CASE
            WHEN substring(f.path, 1, length(t.project) + 1) = concat(t.project, '/') THEN substring(f.path, length(t.project) + 2)
            ELSE f.path
        END AS file,
        f.thread AS thread,
        f.added_lines AS added_lines,
        f.deleted_lines AS deleted_lines
    FROM file_changes AS f
    JOIN threads AS t ON t.thread = f.thread AND t.machine = f.machine AND t.home = f.home
    WHERE f.status = 'completed'
)
SELECT
    repository,
    file,
    count(*) AS changes,
    count(DISTINCT thread) AS threads,
    coalesce(sum(added_lines), 0) AS lines_added,
    coalesce(sum(deleted_lines), 0) AS lines_deleted
FROM changed
GROUP BY repository, file
ORDER BY changes DESC, threads DESC, repository, file
LIMIT 50;
