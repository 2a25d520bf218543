using Retrieval.Domain.Errors;

namespace Retrieval.Features.Hdf5;

/// <summary>What a file of features holds, and the names in use for it.</summary>
internal sealed class Hdf5Names
{
    // The first of each is the word that --datasets takes.
    private static readonly string[][] InUse =
    [
        ["features", "image_features", "feats", "feat", "x"],
        ["boxes", "image_bb", "bbox", "bboxes"],
        ["ids", "image_ids", "image_id", "img_ids", "img_id"],
        ["num_boxes", "num_bbox"],
        ["pos_boxes"],
        ["image_w", "img_w", "width", "widths"],
        ["image_h", "img_h", "height", "heights"],
    ];

    private readonly Dictionary<string, string> _given;

    private Hdf5Names(Dictionary<string, string> given) => _given = given;

    /// <summary>The names that a user gives, or those in use.</summary>
    /// <param name="text"><c>features=a,ids=b/c</c>; null for none.</param>
    /// <exception cref="InvalidInputException">Another form, or a word that is not known.</exception>
    public static Hdf5Names Of(string? text)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in text?.Split(',') ?? [])
        {
            var end = part.IndexOf('=', StringComparison.Ordinal);
            var word = end < 0 ? part : part[..end].Trim();
            var path = end < 0 ? "" : part[(end + 1)..].Trim();
            if (path.Length == 0 || !Array.Exists(InUse, names => names[0] == word) || !given.TryAdd(word, path))
            {
                throw new InvalidInputException($"'{part}', expected word=name, each word once, of {string.Join(", ", InUse.Select(names => names[0]))}", field: "datasets");
            }
        }

        return new Hdf5Names(given);
    }

    /// <summary>The name of a dataset in a file; null if the file has none and none was given.</summary>
    /// <param name="file">The file.</param>
    /// <param name="word">What it holds: <c>features</c>, <c>boxes</c>, <c>ids</c>, …</param>
    /// <exception cref="InvalidInputException">Several may be meant.</exception>
    public string? Find(Hdf5File file, string word)
    {
        if (_given.TryGetValue(word, out var given))
        {
            return given;
        }

        string[] found = [.. For(word).Where(file.Contains)];
        return found.Length > 1
            ? throw new InvalidInputException($"the datasets {string.Join(" and ", found)} mean the same, expected one of them; --datasets {word}=… says which", file.Name)
            : found.FirstOrDefault();
    }

    /// <summary>The name of the features.</summary>
    /// <exception cref="InvalidInputException">There are none, or several may be meant.</exception>
    public string Features(Hdf5File file) => Find(file, "features") ?? throw new InvalidInputException(
        $"no features, expected a dataset named {string.Join(", ", For("features"))}, or --datasets features=…; the file has {string.Join(", ", file.Names(10))}", file.Name);

    /// <summary>The names in use for a word.</summary>
    public static IReadOnlyList<string> For(string word) => Array.Find(InUse, names => names[0] == word)!;
}
