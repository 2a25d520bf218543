using Retrieval.Domain.Bundles;

namespace Retrieval.Domain.Tests.Bundles;

public sealed class FieldSpecTests
{
    private static readonly FieldSpec Fixed = new("v", ElementType.Float32, [36, 64], Ragged: false);

    [Fact]
    public void A_row_has_the_elements_of_its_shape_and_their_bytes()
    {
        Assert.Equal((36 * 64, 36 * 64 * 4), (Fixed.RowElements, Fixed.RowBytes));
        Assert.Equal((1, 8), (new FieldSpec("g", ElementType.Int64, [], Ragged: false).RowElements, new FieldSpec("g", ElementType.Int64, [], Ragged: false).RowBytes));
    }

    [Fact]
    public void A_row_that_is_too_large_to_count_is_refused_and_never_wraps_around()
    {
        Assert.Throws<OverflowException>(() => new FieldSpec("v", ElementType.Float16, [1 << 16, 1 << 16], Ragged: false));
        var large = new FieldSpec("v", ElementType.Float32, [1 << 30], Ragged: false);
        Assert.Throws<OverflowException>(() => large.RowBytes);
    }

    [Fact]
    public void It_is_shown_with_name_type_and_shape()
    {
        Assert.Equal("v float32 [36, 64]", Fixed.ToString());
        Assert.Equal("w float16 [rows, 5]", new FieldSpec("w", ElementType.Float16, [5], Ragged: true).ToString());
    }

    [Fact]
    public void It_equals_one_of_the_same_name_type_shape_and_kind_and_no_other()
    {
        Assert.Equal(Fixed, new FieldSpec("v", ElementType.Float32, [36, 64], Ragged: false));
        Assert.Equal(Fixed.GetHashCode(), new FieldSpec("v", ElementType.Float32, [36, 64], Ragged: false).GetHashCode());
        FieldSpec[] others = [Fixed with { Name = "w" }, Fixed with { Type = ElementType.Float16 }, Fixed with { RowShape = [64, 36] }, Fixed with { Ragged = true }];
        Assert.All(others, other => Assert.NotEqual(Fixed, other));
    }
}
