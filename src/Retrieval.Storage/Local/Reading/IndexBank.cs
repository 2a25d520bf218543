using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Reading;

/// <summary>All tensors of the images, or all tensors of the captions: record fields and embeddings.</summary>
public sealed class IndexBank
{
    internal IndexBank(CollectionFiles files, Func<IndexFile, MappedFile> map, SlotBitmap deleted, RaggedExtents? extents)
    {
        Name = files.Name;
        Deleted = deleted;
        Embedding = new MappedField(files.EmbeddingSpec, map(files.Embedding));
        Fields = [.. files.Fields.Select(field => new MappedField(field.Spec, map(field.File)))];
        Extents = extents;
    }

    /// <summary><c>images</c> or <c>captions</c>.</summary>
    public string Name { get; }

    /// <summary>Coarse embeddings, float32 <c>[Slots, E]</c>.</summary>
    public MappedField Embedding { get; }

    /// <summary>Record fields, in the schema's order.</summary>
    public IReadOnlyList<MappedField> Fields { get; }

    /// <summary>Which ragged rows each item owns; null if no field is ragged.</summary>
    public RaggedExtents? Extents { get; }

    /// <summary>Slots, tombstoned ones included. At most 2³¹ - 1.</summary>
    public long Slots => Embedding.Rows;

    /// <summary>Slots that are not tombstoned.</summary>
    public long Count => Slots - Deleted.Count;

    /// <summary>The tombstoned slots.</summary>
    public SlotBitmap Deleted { get; }

    /// <summary>The record field called <paramref name="name"/>.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public MappedField Field(string name) =>
        Fields.FirstOrDefault(field => field.Spec.Name == name) ?? throw new ArgumentException($"{Name} have no field '{name}'", nameof(name));

    /// <summary>Whether the item in <paramref name="slot"/> is live: neither deleted nor replaced.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    public bool IsLive(long slot) => !Deleted.Contains(slot);
}
