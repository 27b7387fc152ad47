-- Which commands of agents fail most, and how long do they take to do so?
--
-- A command that was declined did not run. One without an exit code failed if its status says so.
WITH runs AS (
    SELECT
        command,
        thread,
        duration_ms,
        CASE WHEN coalesce(exit_code, 0) <> 0 OR (exit_code IS NULL AND status = 'failed') THEN 1 ELSE 0 END AS is_failure
    FROM items
    WHERE kind = 'commandExecution' AND command IS NOT NULL AND coalesce(status, 'completed') <> 'declined'
)
SELECT
    command,
    sum(is_failure) AS failures,
    count(*) AS runs,
    1e0 * sum(is_failure) / count(*) AS failed_share,
    count(DISTINCT thread) AS threads,
    coalesce(sum(CASE WHEN is_failure = 1 THEN duration_ms END), 0) AS failures_ms
FROM runs
GROUP BY command
HAVING sum(is_failure) > 0
ORDER BY failures DESC, failed_share DESC, command
LIMIT 50;
