using System.Text.Json;
using Retrieval.Search.Explaining;
using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Answers;

/// <summary>An explained pair. It was copied from the device and the index: no stored data is read for it after that.</summary>
internal sealed class ExplainResult(ExplainAnswer answer) : Answer
{
    private readonly byte[] _json = JsonSerializer.SerializeToUtf8Bytes(answer.Explanation, WireJson.Options);

    protected override IEnumerable<StageTime> Stages => answer.Stages;

    public override void Dispose()
    {
    }

    protected override async ValueTask WriteAsync(JsonOut json, CancellationToken cancellationToken)
    {
        for (var at = 0; at < _json.Length;)
        {
            at += json.RawPiece(_json.AsSpan(at));
            if (json.IsFull)
            {
                await json.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    protected override ValueTask<long> FitAsync(long mostBytes) => _json.Length <= mostBytes
        ? ValueTask.FromResult((long)_json.Length)
        : throw new AnswerTooLongException(_json.Length, mostBytes, "explain the image with a shorter caption", "caption");

    protected override void RequireWhole()
    {
    }
}
