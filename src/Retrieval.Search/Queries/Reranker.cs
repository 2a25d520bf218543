using System.Buffers;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;

namespace Retrieval.Search.Queries;

/// <summary>The second stage for one query.</summary>
internal static class Reranker
{
    /// <summary>
    /// Has candidates scored in coarse order until done or until the deadline, and sorts them in place: the scored ones
    /// first, best first (ties by coarse rank); the others follow in coarse order.
    /// </summary>
    /// <returns>How many were scored, and the time of the calls that did it.</returns>
    public static async Task<(int Scored, TimeSpan Computing)> RerankAsync(DeviceScheduler device, ScoreLane lane, RecordTable query, Candidate[] candidates, WorkLimits limits)
    {
        if (candidates.Length == 0)
        {
            return (0, TimeSpan.Zero);
        }

        var slots = ArrayPool<long>.Shared.Rent(candidates.Length);
        var scores = ArrayPool<float>.Shared.Rent(candidates.Length);
        try
        {
            for (var i = 0; i < candidates.Length; i++)
            {
                slots[i] = candidates[i].Slot;
            }

            var item = new ScoreItem(lane, query, slots.AsMemory(0, candidates.Length), scores.AsMemory(0, candidates.Length), limits);
            var scored = await device.RunAsync(item).ConfigureAwait(false);
            for (var i = 0; i < scored; i++)
            {
                candidates[i] = candidates[i] with { Score = scores[i] };
            }

            candidates.AsSpan(0, scored).Sort(Candidate.Compare);
            return (scored, item.Computing);
        }
        finally
        {
            // The task has ended, however it did: the device is done with them.
            ArrayPool<long>.Shared.Return(slots);
            ArrayPool<float>.Shared.Return(scores);
        }
    }
}
