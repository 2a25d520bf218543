using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Encoding;
using Retrieval.Inference.Scheduling;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// Converts samples to rows of an index: tokenizes captions, runs both encoders, and checks the results. Every path that
/// stores images goes through here, so the bounds on what is stored are enforced here.
/// </summary>
/// <param name="model">Encodes.</param>
/// <param name="bounds">What may be stored of an image.</param>
internal sealed class SampleEncoder(MatchingModel model, ImageBounds bounds)
{
    /// <summary>Why an image is refused for which the model returns a NaN or an infinity.</summary>
    public const string OutOfRange = "the encoder gave a value that is not finite: the features are out of the model's range";

    /// <summary>Returns the samples of a window that can be encoded; the others are added to its rejects.</summary>
    public List<TokenizedSample> Accept(IFeatureSource source, SampleWindow window)
    {
        var samples = new List<TokenizedSample>(window.Samples.Count);
        foreach (var sample in window.Samples)
        {
            if (Tokenize(sample, out var reason) is { } tokenized)
            {
                samples.Add(tokenized);
            }
            else
            {
                window.Rejects.Add(new RejectedSample(source.Name, sample.Row, sample.Id, reason!));
            }
        }

        return samples;
    }

    /// <summary>
    /// Tokenizes a sample's captions. Null, with the reason, if a caption is invalid or the features do not have the model's shape.
    /// </summary>
    public TokenizedSample? Tokenize(ImageSample sample, out string? reason)
    {
        if (!model.Manifest.Regions.Contains(sample.RegionCount) || sample.RegionWidth != model.Manifest.RegionWidth || sample.Regions.Length != sample.RegionCount * (long)sample.RegionWidth)
        {
            reason = $"{SampleRules.ShapeText(sample.RegionCount, sample.RegionWidth)}, {Counted.Of(sample.Regions.Length, "value")}; the model takes {model.Manifest.Regions} regions of {model.Manifest.RegionWidth}";
            return null;
        }

        if (SampleRules.CheckBounds(sample.Captions, sample.Metadata, bounds) is { } tooMuch)
        {
            reason = tooMuch.Reason;
            return null;
        }

        var captions = new long[sample.Captions.Count][];
        for (var i = 0; i < captions.Length; i++)
        {
            try
            {
                captions[i] = model.Captions.Encode(sample.Captions[i]).TokenIds;
            }
            catch (InvalidInputException exception)
            {
                reason = $"caption {i}: {exception.Reason}";
                return null;
            }
        }

        reason = null;
        return new TokenizedSample(sample, captions, SampleHash.Of(sample));
    }

    /// <summary>
    /// Encodes samples to rows. A sample for which the model returns a NaN or an infinity is removed and reported; the others
    /// are encoded again without it.
    /// </summary>
    /// <param name="samples">At least one.</param>
    /// <param name="sourceKey">The source that will own the rows; null for none.</param>
    /// <param name="rejects">Receives the removed samples.</param>
    /// <param name="device">Shared by all computation of this process, so each batch takes exclusive access; null if not shared.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <returns>Rows in native memory, to be stored and disposed of; null if no sample is left.</returns>
    public async Task<EncodedRows?> EncodeAsync(
        IReadOnlyList<TokenizedSample> samples, string? sourceKey, List<RejectedSample> rejects, WorkScheduler? device, CancellationToken cancellationToken)
    {
        while (samples.Count > 0)
        {
            var images = await TurnAsync(() => EncodeImages(samples, cancellationToken), ImageItem.CostOfOne * samples.Count).ConfigureAwait(false);
            EncodedBatch? captions = null;
            try
            {
                captions = await TurnAsync(() => EncodeCaptions(samples, cancellationToken), CaptionItem.CostOfOne * samples.Sum(sample => sample.Captions.Length)).ConfigureAwait(false);
                var bad = BadSamples(samples, images, captions);
                if (bad.Count == 0)
                {
                    var rows = new EncodedRows(sourceKey, [.. samples.Select(Entry)], [.. samples.Select(sample => sample.Sample.Row)], images, captions);
                    (images, captions) = (null, null);
                    return rows;
                }

                rejects.AddRange(bad.Select(i => new RejectedSample(
                    "model", samples[i].Sample.Row, samples[i].Sample.Id, OutOfRange)));
                samples = [.. samples.Where((_, i) => !bad.Contains(i))];
            }
            finally
            {
                images?.Dispose();
                captions?.Dispose();
            }
        }

        return null;

        async Task<TBatch> TurnAsync<TBatch>(Func<TBatch> encode, long cost)
        {
            using (device is null ? null : await device.AcquireExclusiveAsync(Math.Max(1, cost), cancellationToken).ConfigureAwait(false))
            {
                return encode();
            }
        }
    }

    private EncodedBatch EncodeImages(IReadOnlyList<TokenizedSample> samples, CancellationToken cancellationToken)
    {
        var regions = new float[samples.Sum(sample => sample.Sample.Regions.Length)];
        var filled = 0;
        foreach (var sample in samples)
        {
            sample.Sample.Regions.Span.CopyTo(regions.AsSpan(filled));
            filled += sample.Sample.Regions.Length;
        }

        return model.ImageEncoder.Encode(regions, [.. samples.Select(sample => sample.Sample.RegionCount)], cancellationToken);
    }

    private EncodedBatch? EncodeCaptions(IReadOnlyList<TokenizedSample> samples, CancellationToken cancellationToken)
    {
        long[][] captions = [.. samples.SelectMany(sample => sample.Captions)];
        return captions.Length == 0 ? null : model.TextEncoder.Encode(captions, cancellationToken);
    }

    private static HashSet<int> BadSamples(IReadOnlyList<TokenizedSample> samples, EncodedBatch images, EncodedBatch? captions)
    {
        var bad = images.NonFinite().ToHashSet();
        if (captions?.NonFinite() is { Count: > 0 } badCaptions)
        {
            int[] owners = [.. samples.SelectMany((sample, i) => Enumerable.Repeat(i, sample.Captions.Length))];
            bad.UnionWith(badCaptions.Select(caption => owners[caption]));
        }

        return bad;
    }

    private static ImageEntry Entry(TokenizedSample sample) => new(sample.Sample.Id, sample.ContentHash, sample.Sample.Captions)
    {
        Boxes = sample.Sample.Boxes ?? default,
        Metadata = MetadataJson.Write(sample.Sample.Metadata),
    };
}
