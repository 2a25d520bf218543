using System.Buffers;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Search.Queries;

/// <summary>The second stage for one query.</summary>
internal static class Reranker
{
    /// <summary>
    /// Scores candidates in coarse order until all are done or the deadline passes, and sorts them in place: first the scored
    /// ones, as the ranking orders them, then those that were not reached, in coarse order, and last those without a score because
    /// they are damaged.
    /// </summary>
    /// <returns>How many have a score, how many are damaged, and the computing time of the batches.</returns>
    public static async Task<(int Scored, int Damaged, TimeSpan Computing)> RerankAsync(WorkScheduler device, ScoreBatcher batcher, RecordTable query, Candidate[] candidates, DirectionRanking ranking, WorkLimits limits)
    {
        if (candidates.Length == 0)
        {
            return (0, 0, TimeSpan.Zero);
        }

        var slots = ArrayPool<long>.Shared.Rent(candidates.Length);
        var transformed = ArrayPool<float>.Shared.Rent(candidates.Length);
        try
        {
            for (var i = 0; i < candidates.Length; i++)
            {
                slots[i] = candidates[i].Slot;
            }

            var item = new ScoreItem(batcher, query, slots.AsMemory(0, candidates.Length), transformed.AsMemory(0, candidates.Length), limits);
            var scored = await device.RunAsync(item).ConfigureAwait(false);
            List<Candidate>? damaged = null;
            var sound = 0;
            for (var i = 0; i < scored; i++)
            {
                if (float.IsFinite(transformed[i]))
                {
                    candidates[sound++] = candidates[i].Reranked(transformed[i]);
                }
                else
                {
                    (damaged ??= []).Add(candidates[i]);
                }
            }

            if (damaged is not null)
            {
                candidates.AsSpan(scored).CopyTo(candidates.AsSpan(sound));
                damaged.CopyTo(candidates, candidates.Length - damaged.Count);
            }

            Candidate.Sort(candidates.AsSpan(0, sound), ranking);
            return (sound, damaged?.Count ?? 0, item.Computing);
        }
        finally
        {
            // The task has ended, successfully or not: the device no longer uses them.
            ArrayPool<long>.Shared.Return(slots);
            ArrayPool<float>.Shared.Return(transformed);
        }
    }
}
