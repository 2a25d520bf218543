using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Answers;

/// <summary>
/// The answers to a batch request. Together they are limited to the length of one answer: an answer for which no room is
/// left after the previous ones is replaced with a problem.
/// </summary>
/// <param name="queries">One per query, in order.</param>
/// <param name="problems">Creates the problems for answers without room.</param>
internal sealed class BatchResult(BatchItem[] queries, Problems problems) : Answer
{
    protected override IEnumerable<StageTime> Stages => queries.SelectMany(query => query.Stages);

    public override void Dispose() => Array.ForEach(queries, query => query.Answer?.Dispose());

    protected override async ValueTask WriteAsync(JsonOut json, CancellationToken cancellationToken)
    {
        json.Raw("{\"answers\":["u8);
        for (var i = 0; i < queries.Length; i++)
        {
            if (i > 0)
            {
                json.Raw(","u8);
            }

            await OneAsync(json, queries[i], cancellationToken).ConfigureAwait(false);
        }

        json.Raw("]}"u8);
    }

    protected override async ValueTask<long> FitAsync(long mostBytes)
    {
        long bytes = "{\"answers\":[]}"u8.Length + Math.Max(0, queries.Length - 1);
        for (var i = 0; i < queries.Length; i++)
        {
            var one = await CountAsync(i).ConfigureAwait(false);
            if (queries[i].Answer is not null && bytes + one > mostBytes)
            {
                queries[i].GiveUp(problems.Of(new AnswerTooLongException(one, Math.Max(0, mostBytes - bytes), "lower top, or send fewer queries at once", "top")));
                one = await CountAsync(i).ConfigureAwait(false);
            }

            bytes += one;
        }

        return bytes;
    }

    protected override void RequireWhole()
    {
        foreach (var query in queries)
        {
            query.Answer?.RequireWhole();
        }
    }

    private ValueTask<long> CountAsync(int i) => CountAsync((json, cancellationToken) => OneAsync(json, queries[i], cancellationToken));

    private static ValueTask OneAsync(JsonOut json, BatchItem query, CancellationToken cancellationToken)
    {
        if (query.Answer is { } answer)
        {
            return AnswerParts.SearchAsync(json, answer, cancellationToken);
        }

        json.Raw(AnswerParts.Small(query.Problem));
        return ValueTask.CompletedTask;
    }
}
