namespace Retrieval.Features.Hdf5;

/// <summary>Cuts a box of elements where the chunks of its dataset meet.</summary>
internal static class Hdf5Chunks
{
    /// <summary>The pieces of a box, each within one chunk.</summary>
    /// <param name="starts">Where the box begins.</param>
    /// <param name="counts">Its sizes.</param>
    /// <param name="chunk">Sizes of a chunk.</param>
    public static IEnumerable<(ulong[] Starts, ulong[] Counts)> Of(ulong[] starts, ulong[] counts, ulong[] chunk)
    {
        if (counts.Contains(0UL))
        {
            yield break;
        }

        for (ulong[]? at = [.. starts]; at is not null; at = Next(at, starts, counts, chunk))
        {
            yield return ([.. at], [.. at.Select((from, i) => Math.Min(((from / chunk[i]) + 1) * chunk[i], starts[i] + counts[i]) - from)]);
        }
    }

    /// <summary>Copies a piece into its box, both row-major.</summary>
    /// <param name="piece">Elements of the piece.</param>
    /// <param name="size">Its sizes.</param>
    /// <param name="at">Where it begins in the box.</param>
    /// <param name="box">Elements of the box.</param>
    /// <param name="boxSize">Its sizes.</param>
    public static void Copy<T>(ReadOnlySpan<T> piece, ulong[] size, ulong[] at, Span<T> box, ulong[] boxSize)
    {
        var run = (int)size[^1];
        var index = new ulong[size.Length];
        for (var from = 0; from < piece.Length; from += run)
        {
            var to = 0UL;
            for (var i = 0; i < size.Length; i++)
            {
                to = (to * boxSize[i]) + at[i] + index[i];
            }

            piece.Slice(from, run).CopyTo(box[(int)to..]);
            for (var i = size.Length - 2; i >= 0 && ++index[i] == size[i]; i--)
            {
                index[i] = 0;
            }
        }
    }

    private static ulong[]? Next(ulong[] at, ulong[] starts, ulong[] counts, ulong[] chunk)
    {
        for (var i = at.Length - 1; i >= 0; i--)
        {
            at[i] = ((at[i] / chunk[i]) + 1) * chunk[i];
            if (at[i] < starts[i] + counts[i])
            {
                return at;
            }

            at[i] = starts[i];
        }

        return null;
    }
}
