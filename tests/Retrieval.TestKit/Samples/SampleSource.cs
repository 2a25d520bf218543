using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.TestKit.Samples;

/// <summary>
/// A source for catalog ingestions whose every row any process can say: ids come again, as later versions, and every
/// eleventh row is refused.
/// </summary>
public static class SampleSource
{
    public const string Key = "sample";
    private const int Ids = 60;
    private const int RejectEvery = 11;

    /// <summary>Rows <paramref name="first"/> to <paramref name="end"/>, at most 60 of them; <paramref name="lift"/> makes their contents others.</summary>
    public static IngestionBatch Batch(long first, long end, string key = Key, string ids = "image", bool replace = false, int lift = 0)
    {
        var rejects = new List<CatalogReject>();
        var images = new List<(string, int)>();
        var numbers = new List<long>();
        for (var row = first; row < end; row++)
        {
            if (IsReject(row))
            {
                rejects.Add(new CatalogReject("sample.tsv", row, null, $"row {row} is unfit"));
            }
            else
            {
                images.Add((Id(row, ids), Version(row) + lift));
                numbers.Add(row);
            }
        }

        return new IngestionBatch(end, images.Count == 0 ? null : Rows(images, key), 0, rejects, replace) { SourceName = "sample.tsv", RowNumbers = numbers };
    }

    public static ImageRows Rows(IEnumerable<(string, int)> images, string? key)
    {
        var rows = SampleCorpus.Batch(images);
        return new ImageRows { Images = rows.Images, ImageFields = rows.ImageFields, CaptionFields = rows.CaptionFields, SourceKey = key };
    }

    /// <summary>What must be in an index after the first <paramref name="rows"/> rows.</summary>
    public static Dictionary<string, int> StateAfter(long rows, string ids = "image", int lift = 0)
    {
        var state = new Dictionary<string, int>();
        for (long row = 0; row < rows; row++)
        {
            if (!IsReject(row))
            {
                state[Id(row, ids)] = Version(row) + lift;
            }
        }

        return state;
    }

    public static long RejectsIn(long rows) => Enumerable.Range(0, (int)rows).Count(row => IsReject(row));

    private static bool IsReject(long row) => row % RejectEvery == RejectEvery - 1;

    private static string Id(long row, string ids) => $"{ids}-{row % Ids:D4}";

    private static int Version(long row) => (int)(row / Ids);
}
