using Retrieval.Search.Ingestion;

namespace Retrieval.Server.Ingestions;

/// <summary>What this process found out about the sources of its runs: the latest of them, as long as it runs.</summary>
internal sealed class RunFindings
{
    private const int MostRuns = 100;
    private readonly Lock _gate = new();
    private readonly List<RunFinding> _runs = [];

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
                _runs.RemoveAt(0);
            }

            _runs.Add(new RunFinding(id, recognised, reasons, []));
        }
    }

    /// <summary>A run has these warnings by now.</summary>
    /// <returns>Those that are new.</returns>
    public IReadOnlyList<string> Warned(Guid id, IReadOnlyList<string> warnings)
    {
        lock (_gate)
        {
            if (_runs.FindIndex(run => run.Id == id) is not (>= 0 and var at))
            {
                return [];
            }

            var known = _runs[at].Warnings.Count;
            _runs[at] = _runs[at] with { Warnings = warnings };
            return [.. warnings.Skip(known)];
        }
    }

    /// <summary>What is known of a run; null of those of other processes.</summary>
    public RunFinding? Of(Guid id)
    {
        lock (_gate)
        {
            return _runs.Find(run => run.Id == id);
        }
    }
}
