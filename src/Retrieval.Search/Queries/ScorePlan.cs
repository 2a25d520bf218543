using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Queries;

/// <summary>
/// The pairs of a score request, grouped by what the scorers take: pairs with a caption's text, whose captions are encoded
/// once each and together, and pairs with an indexed caption, whose records already exist.
/// </summary>
internal sealed class ScorePlan
{
    private readonly List<long[]> _captions = [];
    private readonly List<(int Pair, long ImageSlot, int Caption)> _byText = [];
    private readonly List<(int Pair, long ImageSlot, long CaptionSlot)> _byId = [];
    private int _count;

    /// <exception cref="InvalidInputException">A pair names neither or both kinds of caption, or its text is invalid.</exception>
    /// <exception cref="NotFoundException">The index has no such image or caption.</exception>
    public static ScorePlan Of(IReadOnlyList<ScorePair> pairs, SearchSnapshot snapshot)
    {
        var plan = new ScorePlan { _count = pairs.Count };
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < pairs.Count; i++)
        {
            var slot = SearchService.ImageSlot(snapshot.Index, pairs[i].ImageId);
            switch (pairs[i])
            {
                case { Caption: { } text, CaptionId: null }:
                    if (!known.TryGetValue(text, out var caption))
                    {
                        known[text] = caption = plan._captions.Count;
                        plan._captions.Add(SearchService.Tokenize(snapshot.Model.Captions, text, $"pairs[{i}].caption").TokenIds);
                    }

                    plan._byText.Add((i, slot, caption));
                    break;
                case { Caption: null, CaptionId: { } id }:
                    plan._byId.Add((i, slot, SearchService.CaptionSlot(snapshot.Index, id)));
                    break;
                default:
                    throw new InvalidInputException("expected exactly one of caption and captionId", field: $"pairs[{i}]");
            }
        }

        return plan;
    }

    /// <summary>Scores all pairs, in the order of the request.</summary>
    /// <exception cref="DamagedDataException">A damaged pair has no score. It is not left out: the caller wants that pair.</exception>
    public async Task<float[]> RunAsync(SearchSnapshot snapshot, WorkScheduler device, WorkLimits limits, StageClock clock)
    {
        var result = new float[_count];
        var used = new List<IDisposable>();
        try
        {
            var captions = _captions.ConvertAll(tokenIds => new CaptionItem(snapshot.EncodeBatcher, tokenIds, limits));
            await AllAsync(captions, device, used.Add).ConfigureAwait(false);
            if (used.OfType<EncodedCaption>().Any(caption => !caption.IsFinite))
            {
                throw new InferenceException(snapshot.Model.Manifest.Graphs.TextEncoder, "gave a value that is not finite for a caption");
            }

            clock.EndQueued(StageNames.Encode, captions.Aggregate(TimeSpan.Zero, (longest, item) => longest > item.Computing ? longest : item.Computing));

            // The bank of images also serves as a table of queries: each pair by id has its image as the query and its caption as the slot.
            List<(ScoreItem Item, int[] Pairs)> work =
            [
                .. _byText.GroupBy(pair => pair.Caption).Select(group =>
                    Work(snapshot.TextToImage, ((EncodedCaption)used[group.Key]).Record, [.. group.Select(pair => (pair.Pair, pair.ImageSlot))], limits)),
                .. _byId.GroupBy(pair => pair.ImageSlot).Select(group =>
                    Work(snapshot.ImageToText, Own(snapshot.Images.Row(group.Key)), [.. group.Select(pair => (pair.Pair, pair.CaptionSlot))], limits)),
            ];
            await AllAsync(work.Select(part => part.Item), device, _ => { }).ConfigureAwait(false);
            foreach (var (item, pairs) in work)
            {
                for (var i = 0; i < pairs.Length; i++)
                {
                    result[pairs[i]] = item.Score(i);
                }
            }

            RequireSound(snapshot, result);
            clock.EndQueued(StageNames.Score, work.Aggregate(TimeSpan.Zero, (longest, part) => longest > part.Item.Computing ? longest : part.Item.Computing));
            return result;
        }
        finally
        {
            used.ForEach(part => part.Dispose());
        }

        RecordTable Own(RecordTable row)
        {
            used.Add(row);
            return row;
        }
    }

    private void RequireSound(SearchSnapshot snapshot, float[] scores)
    {
        var pair = Finite.FirstNot(scores);
        if (pair < 0)
        {
            return;
        }

        var what = _byText.Where(each => each.Pair == pair).Select(each => What(each.ImageSlot, null))
            .Concat(_byId.Where(each => each.Pair == pair).Select(each => What(each.ImageSlot, each.CaptionSlot)))
            .First();
        throw new DamagedDataException($"what is stored of pairs[{pair}]", $"pairs[{pair}]", new InvalidDataException(what));

        string What(long image, long? caption) =>
            $"image slot {image}: {QueryItems.KindOf(snapshot.Images, image)}{(caption is { } slot ? $"; caption slot {slot}: {QueryItems.KindOf(snapshot.Captions, slot)}" : "")}";
    }

    // Ends when every part has ended, even if one fails: until then the device may still read their inputs.
    private static async Task AllAsync<TResult>(IEnumerable<WorkItem<TResult>> parts, WorkScheduler device, Action<TResult> each)
    {
        var tasks = new List<Task<TResult>>();
        Exception? refused = null;
        foreach (var part in parts)
        {
            try
            {
                tasks.Add(device.RunAsync(part));
            }
            catch (DeviceStoppedException stopped)
            {
                refused = stopped;
                break;
            }
        }

        try
        {
            await Task.WhenAll(tasks).ConfigureAwait(false);
        }
        finally
        {
            foreach (var task in tasks.Where(task => task.IsCompletedSuccessfully))
            {
                each(await task.ConfigureAwait(false));
            }
        }

        if (refused is not null)
        {
            throw refused;
        }
    }

    private static (ScoreItem Item, int[] Pairs) Work(ScoreBatcher batcher, RecordTable query, (int Pair, long Slot)[] pairs, WorkLimits limits) =>
        (new ScoreItem(batcher, query, Array.ConvertAll(pairs, pair => pair.Slot), new float[pairs.Length], limits), Array.ConvertAll(pairs, pair => pair.Pair));
}
