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
    private readonly Option<int?> _limit = CommonOptions.OptionalWhole("--limit", "With --source, --tsv, --arrays or --hdf5: only the first N images", 1, int.MaxValue);

    private readonly Option<string> _index = new("--index")
    {
        Description = "Evaluate what this local index holds, also where the environment names a catalog; with --postgres, folder for a copy of the catalog's index, as a server keeps one (a temporary one if not given)",
        HelpName = "DIR",
    };

    private readonly Option<string?> _work = new("--work")
    {
        Description = "Folder for the index that an evaluation of --source, --tsv, --arrays, --hdf5 or --postgres makes and deletes again; the system's temporary folder if not given",
        HelpName = "DIR",
    };

    /// <summary>Captions of each image in a split; a score matrix has them too.</summary>
    public Option<int?> CaptionsPerImage => _source.CaptionsPerImage;

    /// <summary>Those that are not shared with a score matrix, in the order of the help.</summary>
    public IReadOnlyList<Option> Own =>
        [.. _source.Own, _limit, _index, _postgres.Connection, _postgres.PasswordFile, _name, _work];

    /// <summary>An error message if the options of <c>--bundle</c> do not name one corpus; null if they do.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="bundles">How many bundles are evaluated.</param>
    /// <param name="folds">The option for folds.</param>
    public string? Fault(CommandResult result, int bundles, Option folds)
    {
        var kind = KindOf(result);
        if (kind == EvaluationCorpus.Source)
        {
            return Given(_index, _postgres.Connection, _name) is { } other ? $"{Given(_source.Places)} and {other} exclude each other" : _source.Fault(result);
        }

        return Given(_source.Split, _limit, CaptionsPerImage) is { } ofSource ? $"{ofSource} goes with --source"
            : Given(_source.Captions, _source.Columns, _source.Datasets) is { } ofFile ? $"{ofFile} goes with {(ofFile == _source.Datasets.Name ? "--hdf5" : "--tsv")}"
            : kind == EvaluationCorpus.Catalog ? (Given(folds) is { } ofAll ? $"{ofAll} does not go with --postgres: pgvector takes shortlists of the whole index" : FaultOfIndex())
            : Given(_index) is null ? "--bundle needs a corpus: --source DIR and --split NAME, --tsv FILE, --arrays DIR, --hdf5 FILE, --index DIR, or --postgres CONNECTION"
            : Given(_name, _postgres.PasswordFile) is { } ofCatalog ? $"{ofCatalog} goes with --postgres"
            : FaultOfIndex();

        string? FaultOfIndex() => bundles > 1 ? $"an index is of one bundle; several are evaluated on {SourceOptions.Forms}"
            : Given(_work) is { } work && !NeedsWork(result) ? $"{work} goes with a corpus that is encoded or copied for the evaluation; {_index.Name} names its place"
            : null;

        string? Given(params IEnumerable<Option> options) => options.FirstOrDefault(option => result.GetResult(option) is { Implicit: false })?.Name;
    }

    /// <summary>Of what kind the corpus is. A folder on the command line takes precedence over a catalog in the environment.</summary>
    public EvaluationCorpus KindOf(CommandResult result) =>
        _source.Places.Any(place => result.GetValue(place) is not null) ? EvaluationCorpus.Source
        : _postgres.Given(result, _index) ? EvaluationCorpus.Catalog
        : EvaluationCorpus.Index;

    /// <summary>Whether an index is made for the evaluation alone.</summary>
    public bool NeedsWork(CommandResult result) => KindOf(result) switch
    {
        EvaluationCorpus.Source => true,
        EvaluationCorpus.Catalog => result.GetValue(_index) is null,
        _ => false,
    };

    /// <summary>Folder for what is made for the evaluation alone; null for the system's temporary folder.</summary>
    public string? WorkOf(ParseResult parsed) => parsed.GetValue(_work);

    /// <summary>Folder of the local index, or of the copy.</summary>
    public string? IndexOf(ParseResult parsed) => parsed.GetValue(_index);

    /// <summary>Name of the catalog's index; null for the active one.</summary>
    public string? NameOf(ParseResult parsed) => parsed.GetValue(_name);

    /// <summary>The catalog; does not connect yet.</summary>
    public Catalog OpenCatalog(ParseResult parsed) => _postgres.Open(parsed);

    /// <summary>The source, or its first images.</summary>
    public IFeatureSource OpenSource(ParseResult parsed, BundleManifest manifest)
    {
        var source = _source.Open(parsed, new FeatureExpectation { RegionCount = manifest.Regions, RegionWidth = manifest.RegionWidth });
        return parsed.GetValue(_limit) is { } limit ? new LimitedSource(source, limit) : source;
    }
}
