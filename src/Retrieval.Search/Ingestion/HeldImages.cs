using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Storage;

namespace Retrieval.Search.Ingestion;

/// <summary>Compares the samples of a window with what the index holds of their images.</summary>
/// <param name="source">Name of the source, for rejects.</param>
/// <param name="options">Which source, and whether it may replace others' images.</param>
internal sealed class HeldImages(string source, IngestionOptions options)
{
    /// <summary>Removes the samples that the index holds unchanged, and those whose id another source owns.</summary>
    /// <param name="held">What the index holds, by id.</param>
    /// <param name="samples">The samples that can be encoded; those to be stored are left.</param>
    /// <param name="rejects">Receives those that another source owns.</param>
    /// <returns>Number of unchanged samples, and what the index will lack of those that are left.</returns>
    public (int Unchanged, IReadOnlyList<LostMetadata> Lost) Remove(IReadOnlyDictionary<string, ExistingImage> held, List<TokenizedSample> samples, List<RejectedSample> rejects)
    {
        var unchanged = 0;
        var lost = new List<LostMetadata>();
        samples.RemoveAll(tokenized =>
        {
            var sample = tokenized.Sample;
            if (!held.TryGetValue(sample.Id, out var stored))
            {
                return false;
            }

            if (stored.ContentHash.Span.SequenceEqual(tokenized.ContentHash))
            {
                unchanged++;
                return true;
            }

            if (!options.Replace && stored.SourceKey is { } owner && owner != options.SourceKey)
            {
                rejects.Add(new RejectedSample(source, sample.Row, sample.Id, OtherSource.Reason(sample.Id, owner)));
                return true;
            }

            if (MetadataJson.Names(stored.Metadata.Span).Where(name => sample.Metadata?.ContainsKey(name) != true).ToList() is { Count: > 0 } names)
            {
                lost.Add(new LostMetadata(sample.Id, names));
            }

            return false;
        });
        return (unchanged, lost);
    }
}
