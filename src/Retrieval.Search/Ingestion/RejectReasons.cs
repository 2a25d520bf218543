using System.Text.RegularExpressions;
using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// The rejects of a run counted by reason. Reasons that differ only in numbers and quoted names are one: a file of another kind
/// has one reason and not a million. Safe for any number of threads.
/// </summary>
public sealed partial class RejectReasons
{
    // A bound on memory. What comes later is counted together.
    private const int MostReasons = 32;

    private readonly Dictionary<(string Source, string Reason), int> _index = [];
    private readonly List<RejectReason> _reasons = [];

    internal RejectReasons()
    {
    }

    /// <summary>Counts some more.</summary>
    internal void Add(IEnumerable<RejectedSample> rejects)
    {
        lock (_index)
        {
            foreach (var reject in rejects)
            {
                // In a folder of arrays each image has a file of its own, told apart by a number in most of them.
                var key = (NumberOrName().Replace(reject.Source, "…"), NumberOrName().Replace(reject.Reason, "…"));
                if (!_index.TryGetValue(key, out var at))
                {
                    at = Math.Min(_reasons.Count, MostReasons);
                    if (at < MostReasons)
                    {
                        _reasons.Add(new RejectReason(0, reject));
                        _index.Add(key, at);
                    }
                    else if (_reasons.Count == MostReasons)
                    {
                        _reasons.Add(new RejectReason(0, reject with { Reason = $"other reasons, the first of them: {reject.Reason}" }));
                    }
                }

                _reasons[at] = _reasons[at] with { Count = _reasons[at].Count + 1 };
            }
        }
    }

    /// <summary>The reasons, the most frequent first.</summary>
    public IReadOnlyList<RejectReason> List()
    {
        lock (_index)
        {
            return [.. _reasons.OrderByDescending(reason => reason.Count)];
        }
    }

    [GeneratedRegex(@"'[^']*'|-?\d[\d.,]*(?:[eE][+-]?\d+)?|NaN|-?∞|-?Infinity")]
    private static partial Regex NumberOrName();
}
