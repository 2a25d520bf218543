namespace Retrieval.Domain.Bundles;

/// <summary>
/// One named tensor of a record. A fixed field has one row per item. A ragged field has one row per word of a caption, or per
/// region of an image, and an item owns as many consecutive rows as it has of them.
/// </summary>
/// <param name="Name">The field's name, e.g. <c>v</c>: letters, digits and underscores.</param>
/// <param name="Type">Element type.</param>
/// <param name="RowShape">Shape of one row: <c>[36, 1024]</c> for a fixed field, <c>[1024]</c> for a ragged one declared as <c>["words", 1024]</c>.</param>
/// <param name="Ragged">Whether an item owns a run of rows instead of exactly one.</param>
public sealed record FieldSpec(string Name, ElementType Type, IReadOnlyList<int> RowShape, bool Ragged)
{
    /// <summary>Elements of one row.</summary>
    public int RowElements { get; } = RowShape.Aggregate(1, (product, size) => checked(product * size));

    /// <summary>Bytes of one row.</summary>
    public int RowBytes => checked(RowElements * Type.SizeInBytes());

    /// <summary>Equal if name, type, shape and kind are equal.</summary>
    public bool Equals(FieldSpec? other) =>
        other is not null && Name == other.Name && Type == other.Type && Ragged == other.Ragged && RowShape.SequenceEqual(other.RowShape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Type, Ragged, RowElements);

    /// <summary>E.g. <c>v float32 [36, 1024]</c> or, of a ragged field, <c>w float16 [rows, 1024]</c>.</summary>
    public override string ToString() => $"{Name} {Type.ToName()} [{(Ragged ? "rows, " : "")}{string.Join(", ", RowShape)}]";
}
