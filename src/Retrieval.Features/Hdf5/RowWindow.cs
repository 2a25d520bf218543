using Retrieval.Domain.Errors;

namespace Retrieval.Features.Hdf5;

/// <summary>
/// Keeps the rows that were read last: a chunk holds many rows, and is unpacked once for all of them. If a window cannot be read, its
/// rows are read one by one, so that damage costs the rows that it is in.
/// </summary>
/// <param name="rows">Rows of the dataset.</param>
/// <param name="width">Elements of a row.</param>
/// <param name="atOnce">Rows of a window; windows begin at multiples of it.</param>
/// <param name="read">Reads rows: the first, and how many.</param>
internal sealed class RowWindow<T>(long rows, int width, int atOnce, Func<long, int, T[]> read)
{
    private const long MostBytes = 128L << 20;

    private T[] _held = [];
    private long _first;
    private long _end;
    private (long First, long End) _damaged;

    /// <summary>A window over a dataset, of whole chunks if they are not too large.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="read">Reads rows of it.</param>
    /// <param name="least">Rows to read at least where a chunk has fewer: single ones of a few bytes are slow.</param>
    public static RowWindow<T> Over(Hdf5Dataset dataset, Func<long, int, T[]> read, int least = 1)
    {
        var width = (int)dataset.RowElements;
        var most = Math.Max(1, MostBytes / sizeof(float) / Math.Max(width, 1));
        return new RowWindow<T>(dataset.Rows, width, (int)Math.Clamp(Math.Max(dataset.ChunkRows, least), 1, most), read);
    }

    /// <summary>Some rows in succession.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many; they must be there.</param>
    /// <exception cref="InvalidInputException">They cannot be read.</exception>
    public ReadOnlySpan<T> Rows(long first, int count)
    {
        if (first < _first || first + count > _end)
        {
            var from = first - (first % atOnce);
            var end = Math.Min(rows, Math.Max(from + atOnce, first + count));
            if (from >= _damaged.First && end <= _damaged.End)
            {
                return read(first, count);
            }

            try
            {
                (_held, _first, _end) = ([], 0, 0);
                (_held, _first, _end) = (read(from, (int)(end - from)), from, end);
            }
            catch (InvalidInputException) when (end - from > count)
            {
                _damaged = (from, end);
                return read(first, count);
            }
        }

        return _held.AsSpan((int)(first - _first) * width, count * width);
    }
}
