using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// The rows [<see cref="FirstRow"/>, <see cref="EndRow"/>) of a source. Windows are aligned to multiples of their size, so a
/// resumed run encodes the same batches as an uninterrupted one, and its floats are bit-identical.
/// </summary>
/// <param name="FirstRow">First row of the window.</param>
/// <param name="EndRow">Exclusive end row of the window.</param>
/// <param name="Samples">Rows that can be used.</param>
/// <param name="Rejects">Rows that cannot be used, and captions that were left out of others.</param>
internal sealed record SampleWindow(long FirstRow, long EndRow, List<ImageSample> Samples, List<RejectedSample> Rejects)
{
    /// <summary>Cuts the rows [<paramref name="firstRow"/>, <paramref name="endRow"/>) of a source into windows of <paramref name="rows"/> rows.</summary>
    public static IEnumerable<SampleWindow> Cut(IFeatureSource source, long firstRow, int rows, long? endRow = null)
    {
        SampleWindow? window = null;
        foreach (var item in source.ReadFrom(firstRow).TakeWhile(item => endRow is null || item.Row < endRow))
        {
            if (window is not null && item.Row >= (window.FirstRow / rows * rows) + rows)
            {
                yield return window;
                window = null;
            }

            window ??= new SampleWindow(item.Row, item.Row, [], []);
            window = window with { EndRow = item.Row + 1 };
            switch (item)
            {
                case ImageSample sample:
                    window.Samples.Add(sample);
                    window.Rejects.AddRange(sample.LeftOut);
                    break;
                case RejectedSample reject:
                    window.Rejects.Add(reject);
                    break;
            }
        }

        if (window is not null)
        {
            yield return window;
        }
    }
}
