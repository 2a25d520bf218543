using System.Runtime.InteropServices;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Sources;

/// <summary>Compares rows.</summary>
internal static class NpyFileExtensions
{
    /// <summary>Whether a row is bit for bit equal to the given one.</summary>
    /// <param name="file">A floating-point array.</param>
    /// <param name="row">The row to read.</param>
    /// <param name="expected">The expected row.</param>
    /// <param name="scratch">Space for one row.</param>
    public static bool IsRow(this NpyFile file, long row, ReadOnlySpan<float> expected, Span<float> scratch)
    {
        file.ReadRows(row, scratch);
        return MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(scratch));
    }
}
