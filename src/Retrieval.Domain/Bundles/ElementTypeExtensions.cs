namespace Retrieval.Domain.Bundles;

/// <summary>Sizes and names of element types.</summary>
public static class ElementTypeExtensions
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeInBytes(this ElementType type) => type switch
    {
        ElementType.Float32 => 4,
        ElementType.Float16 => 2,
        ElementType.Int64 => 8,
        ElementType.Int8 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown element type"),
    };

    /// <summary>The name a bundle and an index use for the type, e.g. <c>float32</c>.</summary>
    public static string ToName(this ElementType type) => type switch
    {
        ElementType.Float32 => "float32",
        ElementType.Float16 => "float16",
        ElementType.Int64 => "int64",
        ElementType.Int8 => "int8",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown element type"),
    };

    /// <summary>Parses the form of <see cref="ToName"/>. False for an unknown name.</summary>
    public static bool TryParseName(string? name, out ElementType type)
    {
        (var known, type) = name switch
        {
            "float32" => (true, ElementType.Float32),
            "float16" => (true, ElementType.Float16),
            "int64" => (true, ElementType.Int64),
            "int8" => (true, ElementType.Int8),
            _ => (false, default),
        };
        return known;
    }
}
