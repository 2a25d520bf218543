using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Cli.Commands.Postgres;
using Retrieval.Cli.Input;
using Retrieval.Domain.Bundles;
using Retrieval.Features.Sources;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Terminal.Commands;

namespace Retrieval.Cli.Commands;

/// <summary>The options that name what a bundle is evaluated on: a split, a local index, or an index of a catalog.</summary>
internal sealed class EvaluationCorpusOptions
{
    private readonly SourceOptions _source = new();
    private readonly PostgresOptions _postgres = new();
    private readonly Option<string?> _name = CatalogIndexOption.Create();
    private readonly Option<int?> _limit = CommonOptions.OptionalWhole("--limit", "With --source: only the first N images", 1, int.MaxValue);

    private readonly Option<string> _index = new("--index")
    {
        Description = "Evaluate what this local index holds, without a source; with --postgres, folder for a copy of the catalog's index, as a server keeps one (a temporary one if not given)",
        HelpName = "DIR",
    };

    /// <summary>Captions of each image in a split; a score matrix has them too.</summary>
    public Option<int?> CaptionsPerImage => _source.CaptionsPerImage;

    /// <summary>Those that are not shared with a score matrix, in the order of the help.</summary>
    public IReadOnlyList<Option> Own => [_source.Folder, _source.Split, _limit, _index, _postgres.Connection, _postgres.PasswordFile, _name];

    /// <summary>An error message if the options of <c>--bundle</c> do not name one corpus; null if they do.</summary>
    public string? Fault(CommandResult result)
    {
        var source = result.GetValue(_source.Folder) ?? result.GetValue(_source.Split);
        if (source is not null)
        {
            return result.GetValue(_source.Folder) is null || result.GetValue(_source.Split) is null ? "--bundle needs --source DIR and --split NAME"
                : Given([_index, _postgres.Connection, _name]) is { } other ? $"--source and {other} exclude each other"
                : null;
        }

        if (Given([_limit, CaptionsPerImage]) is { } ofSource)
        {
            return $"{ofSource} goes with --source";
        }

        return KindOf(result) == EvaluationCorpus.Index
            ? result.GetValue(_index) is null ? "--bundle needs a corpus: --source DIR and --split NAME, --index DIR, or --postgres CONNECTION"
                : Given([_name, _postgres.PasswordFile]) is { } ofCatalog ? $"{ofCatalog} goes with --postgres"
                : null
            : null;

        string? Given(IEnumerable<Option> options) => options.FirstOrDefault(option => result.GetResult(option) is { Implicit: false })?.Name;
    }

    /// <summary>Of what kind the corpus is. A folder on the command line takes precedence over a catalog in the environment.</summary>
    public EvaluationCorpus KindOf(CommandResult result) =>
        result.GetValue(_source.Folder) is not null ? EvaluationCorpus.Source
        : _postgres.Given(result, _index) ? EvaluationCorpus.Catalog
        : EvaluationCorpus.Index;

    /// <summary>Folder of the local index, or of the copy.</summary>
    public string? IndexOf(ParseResult parsed) => parsed.GetValue(_index);

    /// <summary>Name of the catalog's index; null for the active one.</summary>
    public string? NameOf(ParseResult parsed) => parsed.GetValue(_name);

    /// <summary>The catalog; does not connect yet.</summary>
    public Catalog OpenCatalog(ParseResult parsed) => _postgres.Open(parsed);

    /// <summary>The split, or its first images.</summary>
    public IFeatureSource OpenSource(ParseResult parsed, BundleManifest manifest)
    {
        var source = _source.Open(parsed, new FeatureExpectation { RegionCount = manifest.RegionCount, RegionWidth = manifest.RegionWidth });
        return parsed.GetValue(_limit) is { } limit ? new LimitedSource(source, limit) : source;
    }
}
