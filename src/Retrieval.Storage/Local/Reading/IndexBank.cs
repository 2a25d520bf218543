using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Reading;

/// <summary>All tensors of the images, or all tensors of the captions: record fields and embeddings.</summary>
public sealed class IndexBank
{
    /// <summary>Name of the tensor that holds the first ragged row of each item.</summary>
    public const string OffsetName = "offset";

    /// <summary>Name of the tensor that holds how many ragged rows each item has.</summary>
    public const string LengthName = "length";

    internal IndexBank(CollectionFiles files, Func<IndexFile, MappedFile> map, SlotBitmap deleted)
    {
        Name = files.Name;
        Deleted = deleted;
        Embedding = new MappedField(files.EmbeddingSpec, map(files.Embedding));
        Fields = [.. files.Fields.Select(field => new MappedField(field.Spec, map(field.File)))];
        if (files.Offset is not null && files.Length is not null)
        {
            Offset = new MappedField(Column(OffsetName), map(files.Offset));
            Length = new MappedField(Column(LengthName), map(files.Length));
        }
    }

    /// <summary><c>images</c> or <c>captions</c>.</summary>
    public string Name { get; }

    /// <summary>Coarse embeddings, float32 <c>[Slots, E]</c>.</summary>
    public MappedField Embedding { get; }

    /// <summary>Record fields, in the schema's order.</summary>
    public IReadOnlyList<MappedField> Fields { get; }

    /// <summary>First ragged row of each item, int64 <c>[Slots]</c>; null if no field is ragged.</summary>
    public MappedField? Offset { get; }

    /// <summary>Ragged rows of each item, int64 <c>[Slots]</c>; null if no field is ragged.</summary>
    public MappedField? Length { get; }

    /// <summary>Slots, buried ones included. At most 2³¹ - 1.</summary>
    public long Slots => Embedding.Rows;

    /// <summary>Slots that are not buried.</summary>
    public long Count => Slots - Deleted.Count;

    /// <summary>The buried slots.</summary>
    public SlotBitmap Deleted { get; }

    /// <summary>The field called <paramref name="name"/>: a record field, or <c>offset</c> or <c>length</c>.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public MappedField Field(string name) =>
        Fields.FirstOrDefault(field => field.Spec.Name == name)
        ?? (name == OffsetName ? Offset : name == LengthName ? Length : null)
        ?? throw new ArgumentException($"{Name} have no field '{name}'", nameof(name));

    /// <summary>Whether the item in <paramref name="slot"/> is there: neither deleted nor replaced.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    public bool IsLive(long slot) => !Deleted.Contains(slot);

    private static FieldSpec Column(string name) => new(name, ElementType.Int64, [], Ragged: false);
}
