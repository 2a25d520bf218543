using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Server.Answers;

/// <summary>The scores of pairs. They were copied from the device: no stored data is read for them after that.</summary>
internal sealed class ScoreResult(ScoreAnswer answer) : Answer
{
    protected override IEnumerable<StageTime> Stages => answer.Stages;

    public override void Dispose()
    {
    }

    protected override ValueTask WriteAsync(JsonOut json, CancellationToken cancellationToken) => AnswerParts.ScoreAsync(json, answer, cancellationToken);

    protected override async ValueTask<long> FitAsync(long mostBytes)
    {
        var bytes = await CountAsync(WriteAsync).ConfigureAwait(false);
        return bytes <= mostBytes ? bytes : throw new AnswerTooLongException(bytes, mostBytes, "send fewer pairs", "pairs");
    }

    protected override void RequireWhole()
    {
    }
}
