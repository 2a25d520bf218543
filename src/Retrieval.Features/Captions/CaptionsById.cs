using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Captions;

/// <summary>The captions of a source whose images have them in a second file, by id.</summary>
internal sealed class CaptionsById
{
    private const int UnmatchedNamed = 5;

    private readonly CaptionTable _table;
    private readonly string? _split;

    private CaptionsById(CaptionTable table, string? split) => (_table, _split) = (table, split);

    /// <summary>For people: what the file was recognised as, and how much it holds.</summary>
    public string Note => $"{_table.File}: {_table.Form}{(_split is null ? "" : $", split {_split}")}; {Counted.Of(_table.Captions, "caption")} of {Counted.Of(_table.Images, "image")}";

    /// <summary>Reads a caption file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="split">The split that is wanted; null for all.</param>
    /// <exception cref="Retrieval.Domain.Errors.InvalidInputException">It has no known form, or not this split.</exception>
    public static CaptionsById Load(string path, string? split) => new(CaptionFile.Load(path, split), split);

    /// <summary>Finds the captions of an image, whether or not its features can be used.</summary>
    /// <param name="id">The image's id.</param>
    /// <param name="row">Its row.</param>
    /// <param name="asked">Receives the file's name of the image, with the id. Another id of the same image is refused.</param>
    /// <param name="captions">The captions that can be stored.</param>
    /// <param name="leftOut">Those that cannot.</param>
    /// <returns>The reason for a refusal, or null.</returns>
    public string? Find(string id, long row, Dictionary<string, string> asked, out IReadOnlyList<string> captions, out IReadOnlyList<RejectedSample> leftOut)
    {
        var unknown = _table.Find(id, _split, asked, out captions, out var faults);
        leftOut = [.. faults.Select(fault => new RejectedSample(_table.File, row, id, fault))];
        return unknown;
    }

    /// <summary>What the file tells of no image, in the rows from <paramref name="row"/> on.</summary>
    /// <param name="asked">The file's names of all images that were found.</param>
    /// <param name="row">The row after the last image.</param>
    /// <param name="missing">What an image lacks in the source, e.g. <c>no line in features.tsv</c>.</param>
    public IEnumerable<RejectedSample> Rest(Dictionary<string, string> asked, long row, string missing)
    {
        foreach (var fault in _table.OfNobody)
        {
            yield return fault with { Row = row++ };
        }

        string[] ids = _table.IsOfManySplits ? [] : [.. _table.Names.Where(name => !asked.ContainsKey(name))];
        if (ids.Length > 0)
        {
            var named = string.Join(", ", ids.Take(UnmatchedNamed).Select(id => $"'{id}'"));
            yield return new RejectedSample(_table.File, row, null, $"{Counted.Of(ids.Length, "id with captions has", "ids with captions have")} {missing}: {named}{(ids.Length > UnmatchedNamed ? ", …" : "")}");
        }
    }
}
