using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Retrieval.Domain.Errors;

namespace Retrieval.Domain.Bundles;

/// <summary>Reads and validates <c>bundle.json</c>. Reports all faults at once, not only the first.</summary>
public static class BundleManifestReader
{
    internal const int LargestDimension = 1 << 20;

    // Names stand in logs, answers and file names.
    private const int LongestName = 200;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Parses a manifest.</summary>
    /// <param name="utf8">The bytes of <c>bundle.json</c>.</param>
    /// <param name="bundle">The bundle's path or name, for error messages.</param>
    /// <exception cref="InvalidBundleException">Not JSON, of another format, or has invalid members.</exception>
    public static BundleManifest Read(ReadOnlyMemory<byte> utf8, string bundle)
    {
        try
        {
            using var document = Parse(utf8, bundle);
            return Read(document, bundle);
        }
        catch (InvalidOperationException exception)
        {
            // An escaped lone surrogate, or bytes that are not UTF-8. They are detected only when the string is created or compared.
            throw new InvalidBundleException(bundle, $"bundle.json holds a text that is not valid Unicode: {exception.Message}", exception);
        }
    }

    private static BundleManifest Read(JsonDocument document, string bundle)
    {
        var root = new ManifestNode(document.RootElement, "$", []);
        var format = root.Text("format");
        if (format.Length > 0 && format != BundleManifest.SupportedFormat)
        {
            throw new InvalidBundleException(bundle, $"bundle.json is of format '{format}'; this version reads '{BundleManifest.SupportedFormat}'");
        }

        var files = ReadFiles(root);
        var (regions, tokens, captionFields) = (RegionRangeReader.Read(root.Node("regions")), ReadTokens(root.Node("tokens")), ReadFields(root.Node("records"), "caption"));
        var explainer = new ExplainerReader(regions.Most, tokens.Max, captionFields.Any(field => field.Ragged));
        var manifest = new BundleManifest
        {
            Name = ReadName(root, "name"),
            System = ReadName(root, "system"),
            Form = root.Text("form", "serving", "published"),
            Profile = root.Text("profile", "fast", "compact"),
            Precision = root.Text("precision", "float32", "float16", "int8"),
            Regions = regions,
            RegionWidth = root.Node("regions").Integer("width", 1, LargestDimension),
            Tokens = tokens,
            EmbeddingWidth = root.Node("embedding").Integer("width", 1, LargestDimension),
            EmbeddingSource = root.Node("embedding").Text("source"),
            Ranking = root.OptionalNode("ranking") is { } ranking ? ReadRanking(ranking) : null,
            ImageFields = ReadFields(root.Node("records"), "image"),
            CaptionFields = captionFields,
            Graphs = ReadGraphs(root.Node("graphs"), files, explainer),
            VocabularyFile = FileIn(root.Node("vocabulary"), files),
            VocabularySize = root.Node("vocabulary").Integer("size", 1, int.MaxValue),
            Parity = new ParitySpec(FileIn(root.Node("parity"), files), root.Node("parity").Number("tolerance", 0, 1)),
            StatisticsFile = root.OptionalNode("statistics") is { } statistics ? FileIn(statistics, files) : null,
            Files = files,
        };
        if (!regions.IsFixed && manifest.Graphs.Explainer is not null)
        {
            root.Node("graphs").Fault("explainer", "needs a fixed number of regions, regions.count");
        }

        if (regions.IsFixed && manifest.ImageFields.Any(field => field.Ragged))
        {
            root.Fault("records", "must not have image fields with a row a region where all images have regions.count of them");
        }

        if ((double)manifest.RegionCount * manifest.RegionWidth * sizeof(float) > int.MaxValue)
        {
            root.Fault("regions", "must have features below 2 GiB an image");
        }

        return root.Faults.Count == 0
            ? manifest
            : throw new InvalidBundleException(bundle, "bundle.json: " + string.Join("; ", root.Faults));
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string bundle)
    {
        try
        {
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
        }
        catch (JsonException exception)
        {
            throw new InvalidBundleException(bundle, $"bundle.json is not valid JSON: {exception.Message}", exception);
        }
    }

    private static Dictionary<string, BundleFile> ReadFiles(ManifestNode root)
    {
        var files = new Dictionary<string, BundleFile>(StringComparer.Ordinal);
        foreach (var (name, node) in root.Node("files").Members())
        {
            // A name with a separator could reach outside the bundle's folder.
            if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny('/', '\\', '\0') || name == BundleManifest.FileName)
            {
                node.Fault("is not a plain file name");
                continue;
            }

            var hash = node.Text("sha256");
            if (hash.Length != 64 || hash.AsSpan().ContainsAnyExcept(HexDigits))
            {
                node.Fault("sha256 must be 64 lower-case hexadecimal digits");
            }

            files[name] = new BundleFile(hash, (long)node.Number("bytes", 0, long.MaxValue));
        }

        return files;
    }

    private static string ReadName(ManifestNode root, string member)
    {
        var name = root.Text(member);
        if (name.Length > LongestName || name.Any(char.IsControl))
        {
            root.Fault(member, string.Create(CultureInfo.InvariantCulture, $"must be of at most {LongestName} characters, and none that controls a terminal, such as a line break"));
        }

        return name;
    }

    private static TokenSpec ReadTokens(ManifestNode node) => new(
        node.Integer("max", 3, 4096), node.Text("pad"), node.Text("start"), node.Text("end"), node.Text("unknown"));

    private static RankingSpec ReadRanking(ManifestNode node)
    {
        var (identity, logit) = (ScoreTransform.Identity.ToName(), ScoreTransform.Logit.ToName());
        var transform = node.Text("transform", identity, logit) == logit ? ScoreTransform.Logit : ScoreTransform.Identity;
        return new RankingSpec(transform, ReadDirection(node.Node("textToImage")), ReadDirection(node.Node("imageToText")));
    }

    private static DirectionRanking ReadDirection(ManifestNode node) =>
        new(node.Number("coarseWeight", 0, double.MaxValue), node.Integer("shortlist", 1, LargestDimension));

    private static List<FieldSpec> ReadFields(ManifestNode records, string collection)
    {
        var fields = new List<FieldSpec>();
        foreach (var node in records.Items(collection))
        {
            var name = node.Text("name");
            if (name is "offset" or "length" or "embedding" || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                node.Fault($"name '{name}' must be letters, digits and underscores and none of offset, length, embedding");
            }

            if (fields.Any(field => field.Name == name))
            {
                node.Fault($"name '{name}' stands twice");
            }

            if (!ElementTypeExtensions.TryParseName(node.Text("type"), out var type))
            {
                node.Fault("type must be float32, float16, int8 or int64");
            }

            var (shape, ragged) = ReadShape(node, collection == "image" ? "regions" : "words");
            if (shape.Aggregate(1.0, (product, size) => product * size) * type.SizeInBytes() <= int.MaxValue)
            {
                fields.Add(new FieldSpec(name, type, shape, ragged));
            }
            else
            {
                node.Fault("a row must be below 2 GiB");
            }
        }

        if (fields.Count == 0)
        {
            records.Fault($"{collection} must have at least one field");
        }

        return fields;
    }

    private static (List<int> Shape, bool Ragged) ReadShape(ManifestNode field, string row)
    {
        var shape = new List<int>();
        var ragged = false;
        var first = true;
        foreach (var dimension in field.Items("shape"))
        {
            if (first && dimension.IsText(row))
            {
                ragged = true;
            }
            else
            {
                shape.Add(dimension.AsInteger(1, LargestDimension));
            }

            first = false;
        }

        if (shape.Count == 0)
        {
            field.Fault("shape must have at least one number");
        }

        return (shape, ragged);
    }

    private static BundleGraphs ReadGraphs(ManifestNode graphs, Dictionary<string, BundleFile> files, ExplainerReader explainer) => new(
        FileIn(graphs.Node("textEncoder"), files),
        FileIn(graphs.Node("imageEncoder"), files),
        FileIn(graphs.Node("textToImageScorer"), files),
        FileIn(graphs.Node("imageToTextScorer"), files),
        graphs.OptionalNode("explainer") is { } node ? explainer.Read(node, FileIn(node, files)) : null);

    private static string FileIn(ManifestNode node, Dictionary<string, BundleFile> files)
    {
        var name = node.Text("file");
        if (name.Length > 0 && !files.ContainsKey(name))
        {
            node.Fault($"file '{name}' is not listed in files");
        }

        return name;
    }
}
