using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Server.Answers;

/// <summary>The answer to one search.</summary>
internal sealed class SearchResult(SearchAnswer answer) : Answer
{
    protected override IEnumerable<StageTime> Stages => answer.Stages;

    public override void Dispose() => answer.Dispose();

    protected override ValueTask WriteAsync(JsonOut json, CancellationToken cancellationToken) => AnswerParts.SearchAsync(json, answer, cancellationToken);

    protected override async ValueTask<long> FitAsync(long mostBytes)
    {
        var bytes = await CountAsync(WriteAsync).ConfigureAwait(false);
        return bytes <= mostBytes ? bytes : throw AnswerTooLongException.OfHits(bytes, mostBytes);
    }

    protected override void RequireWhole() => answer.RequireWhole();
}
