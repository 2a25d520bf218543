using Retrieval.Search.Ingestion;

namespace Retrieval.Server.Ingestions;

/// <summary>What this process found out about the sources of its runs: the latest of them, as long as it runs.</summary>
internal sealed class RunFindings
{
    private const int MostRuns = 100;
    private readonly Lock _gate = new();
    private readonly Queue<(Guid Id, IReadOnlyList<string> Recognised, RejectReasons Reasons)> _runs = new();

    /// <summary>A run has begun.</summary>
    /// <param name="id">The run.</param>
    /// <param name="recognised">What its files were recognised as.</param>
    /// <param name="reasons">Its rejects by reason, which it goes on counting.</param>
    public void Begun(Guid id, IReadOnlyList<string> recognised, RejectReasons reasons)
    {
        lock (_gate)
        {
            if (_runs.Count == MostRuns)
            {
                _ = _runs.Dequeue();
            }

            _runs.Enqueue((id, recognised, reasons));
        }
    }

    /// <summary>What is known of a run; nothing of those of other processes.</summary>
    public (IReadOnlyList<string> Recognised, IReadOnlyList<RejectReason> Reasons) Of(Guid id)
    {
        lock (_gate)
        {
            return _runs.FirstOrDefault(run => run.Id == id) is { Reasons: { } reasons } known ? (known.Recognised, reasons.List()) : ([], []);
        }
    }
}
