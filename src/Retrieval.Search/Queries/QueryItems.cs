using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Encoding;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Queries;

/// <summary>Images and captions as queries: encoded, or read from the index.</summary>
internal static class QueryItems
{
    /// <summary>Encodes a caption.</summary>
    /// <exception cref="InferenceException">The encoder gives values that are not finite.</exception>
    public static async Task<EncodedCaption> EncodeAsync(SearchSnapshot snapshot, WorkScheduler device, long[] tokenIds, WorkLimits work, StageClock clock)
    {
        var item = new CaptionItem(snapshot.EncodeBatcher, tokenIds, work);
        var encoded = await device.RunAsync(item).ConfigureAwait(false);
        clock.EndQueued(StageNames.Encode, item.Computing);
        if (encoded.IsFinite)
        {
            return encoded;
        }

        // The caption cannot be the cause: its tokens come from the vocabulary.
        encoded.Dispose();
        throw new InferenceException(snapshot.Model.Manifest.Graphs.TextEncoder, "gave a value that is not finite for the caption");
    }

    /// <summary>Encodes an image that is not stored.</summary>
    /// <exception cref="InvalidInputException">The encoder gives values that are not finite for it.</exception>
    public static async Task<EncodedBatch> EncodeAsync(SearchSnapshot snapshot, WorkScheduler device, ImageFeatures features, WorkLimits work, StageClock clock)
    {
        var item = new ImageItem(snapshot.ImageEncodeBatcher, features.Values, snapshot.Model.Manifest.RegionWidth, work);
        var encoded = await device.RunAsync(item).ConfigureAwait(false);
        clock.EndQueued(StageNames.Encode, item.Computing);
        if (encoded.NonFinite().Count == 0)
        {
            return encoded;
        }

        encoded.Dispose();
        throw new InvalidInputException(SampleEncoder.OutOfRange, field: "features");
    }

    /// <summary>The embedding of an item of the index.</summary>
    /// <exception cref="IndexCorruptException">It contains a value that is not finite.</exception>
    public static float[] EmbeddingOf(LocalIndex index, IndexBank bank, long slot)
    {
        var embedding = MemoryMarshal.Cast<byte, float>(bank.Embedding.Row(slot)).ToArray();
        return Finite.All(embedding) ? embedding : throw NotFinite(index, bank, bank.Embedding.Spec.Name, slot);
    }

    /// <summary>The record of an image or a caption of the index. To be disposed of.</summary>
    /// <exception cref="IndexCorruptException">It contains a value that is not finite.</exception>
    public static RecordTable RecordOf(SearchSnapshot snapshot, RecordSide side, long slot)
    {
        var (records, bank) = side == RecordSide.Image ? (snapshot.Images, snapshot.Index.Images) : (snapshot.Captions, snapshot.Index.Captions);
        return records.FirstNotFinite(slot) is { } field ? throw NotFinite(snapshot.Index, bank, $"record/{field}", slot) : records.Row(slot);
    }

    /// <summary>Which data of an item without a score is damaged. A ragged item whose rows are missing has no record at all.</summary>
    public static string KindOf(RecordTable bank, long slot)
    {
        try
        {
            return bank.FirstNotFinite(slot) is null ? StoredData.Score : StoredData.RecordOf(bank.Side);
        }
        catch (InvalidDataException)
        {
            return StoredData.RecordOf(bank.Side);
        }
    }

    private static IndexCorruptException NotFinite(LocalIndex index, IndexBank bank, string field, long slot) =>
        new(index.Path, $"{bank.Name}/{field}", $"row {slot} holds a value that is not finite");
}
