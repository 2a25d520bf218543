using System.Globalization;
using PureHDF;

namespace Retrieval.Features.Hdf5;

/// <summary>Ids in an attribute, as texts.</summary>
internal static class Hdf5Texts
{
    /// <summary>Reads an attribute of texts or whole numbers.</summary>
    public static IReadOnlyList<string> Read(IH5Attribute attribute)
    {
        var type = attribute.Type;
        return type.Class is H5DataTypeClass.String or H5DataTypeClass.VariableLength
            ? attribute.Read<string[]>()
            : (type.Class, type.Size) switch
            {
                (H5DataTypeClass.FixedPoint, 4) => [.. attribute.Read<int[]>().Select(value => value.ToString(CultureInfo.InvariantCulture))],
                (H5DataTypeClass.FixedPoint, 8) => [.. attribute.Read<long[]>().Select(value => value.ToString(CultureInfo.InvariantCulture))],
                _ => throw new InvalidDataException($"{type.Class} of {type.Size} bytes, expected texts or whole numbers of 4 or 8 bytes"),
            };
    }
}
