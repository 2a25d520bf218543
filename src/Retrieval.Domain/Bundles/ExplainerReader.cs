using System.Globalization;
using System.Text.RegularExpressions;

namespace Retrieval.Domain.Bundles;

/// <summary>Reads <c>graphs.explainer</c> of a manifest.</summary>
/// <param name="regions">Regions of an image.</param>
/// <param name="maxTokens">Tokens of the longest caption.</param>
/// <param name="knowsLengths">Whether records of captions tell their length.</param>
internal sealed partial class ExplainerReader(int regions, int maxTokens, bool knowsLengths)
{
    private const int MostAxes = 4;
    private const int LongestTitle = 200;

    // The bytes of a tensor are addressed as a span, whose length is an int.
    private const double MostValues = int.MaxValue / sizeof(float);

    private static readonly ExplainerAxisKind[] NamedAxes = [ExplainerAxisKind.Words, ExplainerAxisKind.Regions, ExplainerAxisKind.Nodes];

    /// <param name="node">The member.</param>
    /// <param name="file">Name of the graph's file.</param>
    public ExplainerSpec Read(ManifestNode node, string file)
    {
        var outputs = new List<ExplainerOutput>();
        foreach (var item in node.Items("outputs"))
        {
            outputs.Add(ReadOutput(item, outputs));
        }

        if (outputs.Count == 0)
        {
            node.Fault("outputs must have at least one output");
        }

        return new ExplainerSpec(file, node.Number("tolerance", 0, 1), outputs);
    }

    private ExplainerOutput ReadOutput(ManifestNode node, List<ExplainerOutput> former)
    {
        var kind = ReadKind(node);
        var axes = ReadAxes(node);
        var output = new ExplainerOutput(ReadName(node, former), ReadTitle(node), kind, axes, ReadDistribution(node, axes.Count));
        if (kind == ExplainerKind.Importance)
        {
            CheckImportance(node, output, former);
        }

        if (output.NeedsWords && !knowsLengths)
        {
            node.Fault("axes must not run over words or nodes: no field of a caption's record is ragged, so its length is not known");
        }

        if (output.Shape(maxTokens, regions).Aggregate(1.0, (product, size) => product * size) > MostValues)
        {
            node.Fault("must have below 2 GiB a pair");
        }

        return output;
    }

    private static string ReadName(ManifestNode node, List<ExplainerOutput> former)
    {
        var name = node.Text("name");
        if (name.Length > 0 && !Name().IsMatch(name))
        {
            node.Fault("name", $"is '{Shown(name)}'; expected a small letter, then at most 63 small letters, digits and underscores");
        }
        else if (name.Length > 0 && former.Any(other => other.Name == name))
        {
            node.Fault($"name '{name}' stands twice");
        }

        return name;
    }

    private static string ReadTitle(ManifestNode node)
    {
        var title = node.Text("title");
        if (title.Length > LongestTitle || title.Any(char.IsControl))
        {
            node.Fault("title", string.Create(CultureInfo.InvariantCulture, $"must be of at most {LongestTitle} characters, and none that controls a terminal, such as a line break"));
        }

        return title;
    }

    private static ExplainerKind ReadKind(ManifestNode node)
    {
        var kinds = Enum.GetValues<ExplainerKind>();
        var name = node.Text("kind", [.. kinds.Select(kind => kind.ToName())]);
        return kinds.FirstOrDefault(kind => kind.ToName() == name);
    }

    private static List<ExplainerAxis> ReadAxes(ManifestNode node)
    {
        var axes = new List<ExplainerAxis>();
        foreach (var item in node.Items("axes"))
        {
            var named = Array.FindIndex(NamedAxes, kind => item.IsText(kind.ToName()));
            axes.Add(named >= 0 ? new ExplainerAxis(NamedAxes[named]) : new ExplainerAxis(ExplainerAxisKind.Fixed, SizeOf(item)));
        }

        if (axes.Count is 0 or > MostAxes)
        {
            node.Fault("axes", string.Create(CultureInfo.InvariantCulture, $"has {axes.Count} axes; expected 1 to {MostAxes}"));
        }

        return axes;
    }

    private static int SizeOf(ManifestNode axis)
    {
        if (axis.IsText())
        {
            axis.Fault("must be words, regions, nodes, or a whole number");
            return 1;
        }

        return axis.AsInteger(1, BundleManifestReader.LargestDimension);
    }

    private static int? ReadDistribution(ManifestNode node, int axes) =>
        node.Has("distribution") ? node.Integer("distribution", 0, Math.Max(axes, 1) - 1) : null;

    private static void CheckImportance(ManifestNode node, ExplainerOutput output, List<ExplainerOutput> former)
    {
        if (output.Axes is not [{ Kind: ExplainerAxisKind.Words or ExplainerAxisKind.Regions }])
        {
            node.Fault("axes", "of an importance must be [\"words\"] or [\"regions\"]");
        }
        else if (former.Any(other => other.Kind == ExplainerKind.Importance && other.Axes.SequenceEqual(output.Axes)))
        {
            node.Fault($"is a second importance of {output.Axes[0].Kind.ToName()}; expected at most one");
        }
    }

    private static string Shown(string name) => name.Length > LongestTitle ? string.Concat(name.AsSpan(0, LongestTitle), "…") : name;

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
