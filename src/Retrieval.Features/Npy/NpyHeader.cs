namespace Retrieval.Features.Npy;

/// <summary>What the header of a <c>.npy</c> file says about its array.</summary>
/// <param name="ElementType">Type of the elements.</param>
/// <param name="Shape">Sizes of the dimensions, whatever the order of the elements; empty for a single number.</param>
/// <param name="DataOffset">Bytes before the first element.</param>
/// <param name="ElementCount">Product of <paramref name="Shape"/>.</param>
/// <param name="IsColumnMajor">Whether the elements are stored column by column ("Fortran order"); only matrices may be.</param>
public sealed record NpyHeader(NpyElementType ElementType, IReadOnlyList<long> Shape, int DataOffset, long ElementCount, bool IsColumnMajor = false)
{
    /// <summary>Bytes of all elements.</summary>
    public long DataBytes => ElementCount * NpyElements.SizeOf(ElementType);

    /// <summary>The shape as Python writes it, e.g. <c>(1000, 36, 2048)</c>.</summary>
    public string ShapeText => Shape.Count == 1 ? $"({Shape[0]},)" : $"({string.Join(", ", Shape)})";
}
