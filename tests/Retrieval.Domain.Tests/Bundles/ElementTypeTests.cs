using Retrieval.Domain.Bundles;

namespace Retrieval.Domain.Tests.Bundles;

public sealed class ElementTypeTests
{
    [Fact]
    public void Every_type_has_a_size_and_a_name_that_reads_back()
    {
        foreach (var type in Enum.GetValues<ElementType>())
        {
            Assert.InRange(type.SizeInBytes(), 1, 8);
            Assert.True(ElementTypeExtensions.TryParseName(type.ToName(), out var read));
            Assert.Equal(type, read);
        }
    }

    [Fact]
    public void A_row_of_bytes_has_as_many_bytes_as_elements()
    {
        var field = new FieldSpec("v", ElementType.Int8, [36, 1024], Ragged: false);
        Assert.Equal(36 * 1024, field.RowBytes);
        Assert.Equal("v int8 [36, 1024]", field.ToString());
    }
}
