-- Which prompts led to turns that failed or were interrupted?
--
-- The same prompt in the same repository is one row, with how often it was asked at all.
SELECT
    coalesce(t.repository, t.project, 'unknown') AS repository,
    trim(u.prompt) AS asked,
    sum(CASE WHEN u.status = 'failed' THEN 1 ELSE 0 END) AS failed_turns,
    sum(CASE WHEN u.status = 'interrupted' THEN 1 ELSE 0 END) AS interrupted_turns,
    count(*) AS all_turns,
    max(u.error) AS an_error,
    max(u.started_at) AS last_at
FROM turns AS u
JOIN threads AS t ON t.thread = u.thread AND t.machine = u.machine AND t.home = u.home
WHERE u.prompt IS NOT NULL
GROUP BY coalesce(t.repository, t.project, 'unknown'), trim(u.prompt)
HAVING sum(CASE WHEN u.status IN ('failed', 'interrupted') THEN 1 ELSE 0 END) > 0
ORDER BY failed_turns DESC, interrupted_turns DESC, repository, asked
LIMIT 50;
