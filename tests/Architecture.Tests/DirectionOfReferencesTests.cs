using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Architecture.Tests;

public sealed partial class DirectionOfReferencesTests
{
    // Each project and all it may refer to. A new project or reference is a decision, to be made here.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Retrieval.Domain"] = [],
        ["Retrieval.Features"] = ["Retrieval.Domain"],
        ["Retrieval.Inference"] = ["Retrieval.Domain", "Retrieval.Features"],
        ["Retrieval.Storage"] = ["Retrieval.Domain"],
        ["Retrieval.Search"] = ["Retrieval.Domain", "Retrieval.Features", "Retrieval.Inference", "Retrieval.Storage"],
        ["Retrieval.Server"] = ["Retrieval.Domain", "Retrieval.Features", "Retrieval.Inference", "Retrieval.Search", "Retrieval.Storage"],
        ["Retrieval.Terminal"] = ["Retrieval.Domain", "Retrieval.Inference", "Retrieval.Storage"],
        ["Retrieval.Bench"] = ["Retrieval.Domain", "Retrieval.Features", "Retrieval.Inference", "Retrieval.Search", "Retrieval.Storage", "Retrieval.Terminal"],
        ["Retrieval.Cli"] =
            ["Retrieval.Bench", "Retrieval.Domain", "Retrieval.Features", "Retrieval.Inference", "Retrieval.Search", "Retrieval.Server", "Retrieval.Storage", "Retrieval.Terminal"],
    };

    [Fact]
    public void Every_project_is_known_here() => Assert.Equal(Allowed.Keys.Order(), SourceTree.Projects.Keys.Order());

    [Fact]
    public void Projects_refer_only_to_those_below_them()
    {
        foreach (var project in SourceTree.Projects.Keys)
        {
            Assert.Empty(SourceTree.References(project, "ProjectReference").Except(Allowed[project]).Select(found => $"{project} -> {found}"));
        }
    }

    [Theory]
    [InlineData("Microsoft.ML.OnnxRuntime", "Retrieval.Inference")]
    [InlineData("Npgsql", "Retrieval.Storage")]
    [InlineData("Microsoft.AspNetCore", "Retrieval.Server")]
    [InlineData("OpenTelemetry", "Retrieval.Server")]
    public void Only_one_project_uses(string library, string owner)
    {
        foreach (var (project, file) in SourceTree.Projects.Where(pair => pair.Key != owner && pair.Key != "OnnxRuntime"))
        {
            var references = SourceTree.References(project, "PackageReference").Concat(SourceTree.References(project, "FrameworkReference"));
            Assert.DoesNotContain(references, reference => reference.StartsWith(library, StringComparison.Ordinal));
            var sources = Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "*.cs", SearchOption.AllDirectories)
                .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
            // By a using or by a name in full; what a comment or a text says is no use of it.
            Assert.DoesNotContain(sources, path => File.ReadLines(path).Any(line => Uses(line, library)));
        }
    }

    [Theory]
    [InlineData("using Npgsql;", true)]
    [InlineData("using static Npgsql.NpgsqlConnection;", true)]
    [InlineData("        await using var connection = new Npgsql.NpgsqlConnection(text);", true)]
    [InlineData("    private readonly global::Npgsql.NpgsqlDataSource _source;", true)]
    [InlineData("using Retrieval.Npgsql;", false)]
    [InlineData("    // Npgsql.NpgsqlException says so.", false)]
    [InlineData("    throw new X(\"Npgsql.NpgsqlException\");", false)]
    [InlineData("    var npgsql = NpgsqlLike.Of(this);", false)]
    public void A_name_in_full_is_a_use_as_a_using_is(string line, bool uses) => Assert.Equal(uses, Uses(line, "Npgsql"));

    [Fact]
    public void The_domain_has_no_packages() => Assert.Empty(SourceTree.References("Retrieval.Domain", "PackageReference"));

    [Fact]
    public void Package_versions_stand_in_one_file()
    {
        var projects = Directory.GetFiles(SourceTree.Root, "*.csproj", SearchOption.AllDirectories);
        Assert.NotEmpty(projects);
        Assert.DoesNotContain(projects, path => XDocument.Load(path).Descendants("PackageReference").Any(reference => reference.Attribute("Version") is not null));
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(SourceTree.Root, "RetrievalService.sln"));
        var projects = Directory.GetFiles(Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Path.Combine(SourceTree.Root, "tests"), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetFileName(path)).ToList();
        Assert.All(projects, project => Assert.Contains(project, solution, StringComparison.Ordinal));
    }

    private static bool Uses(string line, string library)
    {
        var code = TextOrComment().Replace(line, "");
        return Regex.IsMatch(code, $@"^using (static )?{Regex.Escape(library)}\b|(?<![\w.]){Regex.Escape(library)}\.");
    }

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"|//.*
        """)]
    private static partial Regex TextOrComment();
}
