namespace Retrieval.Features.Npy;

/// <summary>The element types read from NumPy files, all little-endian.</summary>
public enum NpyElementType
{
    /// <summary><c>|u1</c>.</summary>
    UInt8,

    /// <summary><c>&lt;i4</c>.</summary>
    Int32,

    /// <summary><c>&lt;i8</c>.</summary>
    Int64,

    /// <summary><c>&lt;f2</c>.</summary>
    Float16,

    /// <summary><c>&lt;f4</c>.</summary>
    Float32,

    /// <summary><c>&lt;f8</c>.</summary>
    Float64,
}
