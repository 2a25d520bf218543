using Retrieval.Features.Npy;

namespace Retrieval.Features.Sources;

/// <summary>Tells by content whether an array has every row several times in succession. Reads a few groups, spread over the file.</summary>
internal static class RepeatedRows
{
    private const int GroupsTried = 8;
    private const int LongestRun = 1000;

    // Rows that are all the same are no images, but for one image with the usual number of captions.
    private const int UsualTimes = 5;

    /// <summary>How many times every row stands there: 1 if the rows differ.</summary>
    public static int Of(NpyFile array)
    {
        // One damaged group must not change the interpretation of the whole file, so the first groups need not agree.
        var first = RunAt(array, 0);
        var candidates = new List<int> { first, RunAt(array, first) };
        for (var i = 1; i < GroupsTried; i++)
        {
            candidates.Add(RunAt(array, NextChange(array, array.RowCount * i / GroupsTried)));
        }

        return candidates.Where(times => times > 1).GroupBy(times => times).OrderByDescending(group => group.Count()).Select(group => group.Key)
            .FirstOrDefault(times => (times < array.RowCount || times == UsualTimes) && Are(array, times), 1);
    }

    /// <summary>Whether every row stands there so many times, as far as a few groups tell.</summary>
    public static bool Are(NpyFile array, int times)
    {
        if (times < 1 || array.RowCount % times != 0)
        {
            return false;
        }

        var groups = array.RowCount / times;
        var tried = Math.Min(groups, GroupsTried);
        var repeated = 0;
        var first = new float[array.RowWidth];
        var other = new float[array.RowWidth];
        for (var i = 0L; i < tried; i++)
        {
            var row = groups * i / tried * times;
            array.ReadRows(row, first);
            repeated += Enumerable.Range(1, times - 1).All(n => array.IsRow(row + n, first, other)) ? 1 : 0;
        }

        return repeated * 2 > tried;
    }

    // How many rows from this one on are the same.
    private static int RunAt(NpyFile array, long row)
    {
        if (row >= array.RowCount)
        {
            return 1;
        }

        var first = new float[array.RowWidth];
        var other = new float[array.RowWidth];
        array.ReadRows(row, first);
        var run = 1;
        while (run < LongestRun && row + run < array.RowCount && array.IsRow(row + run, first, other))
        {
            run++;
        }

        // So long a run is no number of captions: an array of zeros, say.
        return run < LongestRun ? run : 1;
    }

    private static long NextChange(NpyFile array, long row) => row + RunAt(array, row);
}
