-- How many tokens did each model take in each week?
--
-- A week is named by its Monday.
SELECT
    CAST(date_trunc('week', u.at) AS DATE) AS week,
    coalesce(u.model, 'unknown') AS model_name,
    count(*) AS requests,
    sum(u.input) AS uncached_tokens,
    sum(u.cached_input) AS cached_tokens,
    sum(u.output) AS output_tokens,
    sum(u.reasoning) AS reasoning_tokens
FROM usage AS u
GROUP BY CAST(date_trunc('week', u.at) AS DATE), coalesce(u.model, 'unknown')
ORDER BY week DESC, output_tokens DESC, model_name;
