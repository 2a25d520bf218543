using Retrieval.Domain.Bundles;
using Retrieval.Inference;
using Retrieval.Inference.Records;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Snapshots;

/// <summary>Connects a model and a local index: the schema that a model requires, and its records as the index maps them.</summary>
public static class IndexBinding
{
    /// <summary>Schema of the index that a model reads and writes.</summary>
    public static IndexSchema SchemaOf(MatchingModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return SchemaOf(model.Manifest, model.Fingerprint);
    }

    /// <summary>Schema of the index that the model of a bundle reads and writes.</summary>
    /// <param name="manifest">The bundle's manifest.</param>
    /// <param name="fingerprint">The bundle's fingerprint.</param>
    public static IndexSchema SchemaOf(BundleManifest manifest, string fingerprint)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return new IndexSchema(fingerprint, manifest.Name, manifest.EmbeddingWidth, manifest.ImageFields, manifest.CaptionFields);
    }

    /// <summary>The records of a collection, in its mapped files.</summary>
    public static MappedRecords RecordsOf(IndexBank collection)
    {
        ArgumentNullException.ThrowIfNull(collection);
        var fields = collection.Fields.Select(field => (field.Spec, field.Address, field.Rows)).ToList<(FieldSpec, nint, long)>();
        return new MappedRecords(collection.Slots, fields, collection.Extents?.OffsetsAddress ?? 0, collection.Extents?.LengthsAddress ?? 0);
    }
}
