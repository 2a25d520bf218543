using System.CommandLine;
using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Search.Ingestion;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Ingest;

/// <summary>The options of an ingestion into a catalog, and their interpretation.</summary>
internal sealed class CatalogDestination
{
    private const string FirstIndex = "default";
    private static readonly TimeSpan betweenNotes = TimeSpan.FromSeconds(10);

    public PostgresOptions Postgres { get; } = new();

    public Option<string?> Name { get; } = new("--name")
    {
        Description = $"The catalog's index, made if it is not there; without it the active one, and in a catalog without one '{FirstIndex}'",
        HelpName = "NAME",
    };

    public Option<string?> Part { get; } = new("--part")
    {
        Description = "With --postgres: store part I of N of the source, counted from 0; each part is a run of its own, and all may run at once",
        HelpName = "I/N",
    };

    public Option<bool> Migrate { get; } = new("--migrate") { Description = "With --postgres: bring the catalog's schema to this version first, as the role that owns it" };

    public Option<bool> NoActivate { get; } = new("--no-activate") { Description = "With --postgres: leave the index inactive even where no other is active" };

    public void AddTo(Command command, Option<string> index, Option<bool> dryRun)
    {
        Postgres.AddTo(command);
        command.Options.Add(Name);
        command.Options.Add(Part);
        command.Options.Add(Migrate);
        command.Options.Add(NoActivate);
        Postgres.RequireThisOr(command, index, result => result.GetValue(dryRun));
        command.Validators.Add(result =>
        {
            if (result.GetValue(Part) is { } part && !TryParse(part, out _))
            {
                result.AddError($"--part is '{part}'; expected I/N with I from 0 to N - 1, e.g. 0/4");
            }

            if (result.GetValue(index) is not null && (result.GetValue(Name) ?? result.GetValue(Part)) is not null)
            {
                result.AddError("--name and --part go with --postgres");
            }
        });
    }

    /// <summary>Which part of the source: 0 of 1 for all of it.</summary>
    public (int Part, int Parts) PartOf(ParseResult parsed) => parsed.GetValue(Part) is { } text && TryParse(text, out var part) ? part : (0, 1);

    /// <summary>Finds or creates the index.</summary>
    /// <exception cref="InvalidInputException">No index was named, and the active one belongs to another bundle.</exception>
    public async Task<IngestDestination> OpenAsync(ParseResult parsed, Catalog catalog, IndexSchema schema, IngestionOptions options, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Migrate))
        {
            await Migrator.MigrateAsync(catalog, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await Migrator.RequireAsync(catalog, SchemaUse.Write, cancellationToken).ConfigureAwait(false);
        }

        var name = parsed.GetValue(Name) ?? await ActiveAsync(catalog, schema, cancellationToken).ConfigureAwait(false);
        var index = await CatalogIndexes.FindOrCreateAsync(catalog, name, schema, cancellationToken).ConfigureAwait(false);
        var target = new CatalogIngestionTarget(catalog, index, new CatalogTargetOptions
        {
            Worker = $"{Environment.MachineName}/{Environment.ProcessId}",
            Replace = options.Replace,
            ActivateFirst = !parsed.GetValue(NoActivate),
            Retry = new CatalogRetry { Failed = Notes() },
            Building = new BuildNotes(),
        });
        return new IngestDestination($"{catalog.Name}:{index.Name}", target, () => LedgerOf(catalog, index, options));
    }

    private static async Task<string> ActiveAsync(Catalog catalog, IndexSchema schema, CancellationToken cancellationToken)
    {
        var active = await CatalogIndexes.FindActiveAsync(catalog, cancellationToken).ConfigureAwait(false);
        return active is null || active.Schema.Fingerprint == schema.Fingerprint
            ? active?.Name ?? FirstIndex
            : throw new InvalidInputException(
                $"is missing: the active index, {active.Name}, is of bundle {active.Schema.BundleName}, fingerprint {active.Schema.Fingerprint}; name another index, to be built and then activated", field: "--name");
    }

    private static async Task<SourceCheckpoint?> LedgerOf(Catalog catalog, CatalogIndex index, IngestionOptions options)
    {
        var parts = await CatalogParts.ListAsync(catalog, index, options.SourceKey, options.Parts).ConfigureAwait(false);
        return parts.FirstOrDefault(part => part.Part == options.Part)?.Ledger;
    }

    // While Postgres is unavailable the run retries without help; the user is informed from time to time.
    private static Action<Exception, int, TimeSpan> Notes()
    {
        long? last = null;
        return (exception, attempt, _) =>
        {
            if (last is not { } then || TimeProvider.System.GetElapsedTime(then) >= betweenNotes)
            {
                last = TimeProvider.System.GetTimestamp();
                Printer.Note(string.Create(CultureInfo.InvariantCulture, $"attempt {attempt} failed, trying again: {exception.Message}"));
            }
        };
    }

    private static bool TryParse(string text, out (int Part, int Parts) part)
    {
        part = default;
        return text.Split('/') is [var i, var n]
            && int.TryParse(i, NumberStyles.None, CultureInfo.InvariantCulture, out part.Part)
            && int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out part.Parts)
            && part.Part < part.Parts;
    }

    private sealed class BuildNotes : IProgress<ShortlistIndexProgress>
    {
        private long? _last;

        public void Report(ShortlistIndexProgress value)
        {
            if (value.WithoutWorkers)
            {
                Printer.Note($"the nearest-neighbour index of the {value.Collection}s was built without parallel workers: Postgres has too little shared memory for them (/dev/shm; a container's --shm-size)");
            }
            else if (_last is not { } last || TimeProvider.System.GetElapsedTime(last) >= betweenNotes)
            {
                _last = TimeProvider.System.GetTimestamp();
                Printer.Note($"building the nearest-neighbour index of the {value.Collection}s: {Units.Count(value.Rows)} of about {Units.Count(value.Total)} rows");
            }
        }
    }
}
