namespace Retrieval.Domain.Bundles;

/// <summary>Element type of a tensor.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>IEEE 754 binary16.</summary>
    Float16,

    /// <summary>Two's complement, 64 bits.</summary>
    Int64,

    /// <summary>Two's complement, 8 bits.</summary>
    Int8,
}
