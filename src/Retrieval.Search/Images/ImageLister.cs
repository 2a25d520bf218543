using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Images;

/// <summary>
/// Lists the images of the served index in the order of their ids, by the bytes of UTF-8. So a list that is read in parts has
/// every image once that was there all the time, whatever is stored, replaced or deleted in between, and on whichever replica.
/// </summary>
/// <param name="snapshots">What is served.</param>
/// <param name="options">Limits the length of an answer.</param>
public sealed class ImageLister(SnapshotSource snapshots, SearchOptions options)
{
    /// <summary>Bound of the number of images of one part.</summary>
    public static WholeNumberBound Limit { get; } = new(1, 1000);

    /// <summary>Images of a part if the caller does not say.</summary>
    public const int DefaultLimit = 100;

    /// <summary>The images that follow an id. Fewer than the limit do not mean the end: texts that are long fill a part sooner.</summary>
    /// <param name="after">Only images whose ids come after this; it need not be one of the index. Null for the first ones.</param>
    /// <param name="limit">Most images.</param>
    /// <exception cref="InvalidInputException">The limit is out of bounds.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="IndexCorruptException">The files of the index are no longer whole.</exception>
    public ImagePage Read(string? after, int limit)
    {
        Limit.Check(limit, "limit");
        using var snapshot = snapshots.Acquire();
        return Soundly.Run(snapshot.Index, () => Read(snapshot, Encoding.UTF8.GetBytes(after ?? ""), limit));
    }

    private ImagePage Read(SearchSnapshot snapshot, byte[] after, int limit)
    {
        var texts = new StoredTexts(snapshot.Index);
        var images = new List<ImageSummary>();
        var damaged = snapshot.IsDamaged;
        for (var (bytes, more) = (0L, true); more;)
        {
            // A part without a readable image could not say where the next one begins.
            var slots = Following(snapshot.Index, texts, after, limit + 1, ref damaged);
            more = slots.Count > limit;
            foreach (var slot in slots.Take(limit))
            {
                after = texts.Id(slot).ToArray();
                try
                {
                    bytes += texts.RequireImage(slot);
                    images.Add(new ImageSummary(Encoding.UTF8.GetString(after), texts.Captions(slot).Count, SearchAnswer.MetadataOf(texts, slot)));
                }
                catch (IndexCorruptException)
                {
                    damaged = true;
                }

                if (bytes > options.MaxAnswerBytes / 2)
                {
                    more = more || slot != slots[^1];
                    break;
                }
            }

            if (images.Count > 0)
            {
                return new ImagePage(images, more ? images[^1].Id : null, damaged ? DegradedReasons.Damaged : null, snapshot.Epoch);
            }
        }

        return new ImagePage([], null, damaged ? DegradedReasons.Damaged : null, snapshot.Epoch);
    }

    // One pass over all ids, which takes a few hundredths of a second for a million of them: a sorted table of them would have to be
    // made anew for every generation.
    private static List<long> Following(LocalIndex index, StoredTexts texts, byte[] after, int count, ref bool damaged)
    {
        // The last of those found so far is at the front.
        var found = new PriorityQueue<long, long>(Comparer<long>.Create((one, other) => texts.Id(other).SequenceCompareTo(texts.Id(one))));
        for (long slot = 0; slot < index.Images.Slots; slot++)
        {
            if (!index.Images.IsLive(slot))
            {
                continue;
            }

            try
            {
                var id = texts.Id(slot);
                if (id.SequenceCompareTo(after) <= 0 || (found.Count == count && id.SequenceCompareTo(texts.Id(found.Peek())) >= 0))
                {
                    continue;
                }
            }
            catch (IndexCorruptException)
            {
                damaged = true;
                continue;
            }

            found.Enqueue(slot, slot);
            if (found.Count > count)
            {
                found.Dequeue();
            }
        }

        var slots = new List<long>(found.Count);
        while (found.TryDequeue(out var slot, out _))
        {
            slots.Add(slot);
        }

        slots.Reverse();
        return slots;
    }
}
