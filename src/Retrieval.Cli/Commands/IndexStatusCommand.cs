using Retrieval.Cli.Commands.Postgres;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Rows;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index status</c>.</summary>
internal static class IndexStatusCommand
{
    public static CliCommand Create()
    {
        var index = CommonOptions.Index();
        index.Required = false;
        var postgres = new PostgresOptions();
        var json = CommonOptions.Json();
        var command = new CliCommand("status", "Show what an index holds: counts, fields, sizes, its bundle, and how far each source has been ingested. Of a catalog, all its indexes.")
        {
            Options = { index, json },
            Examples = ["retrieval index status --index index", "retrieval index status --postgres postgresql://serve@db/retrieval"],
        };
        postgres.AddTo(command);
        postgres.RequireThisOr(command, index);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (postgres.Given(parsed, index))
            {
                return await CatalogStatusView.RunAsync(postgres.Open(parsed), parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
            }

            var status = Status.Of(parsed.GetRequiredValue(index));
            Printer.Write(status, parsed.GetValue(json), console => Show(console, status));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(IAnsiConsole console, Status status)
    {
        console.Write(Tables.Facts(
            status.Index,
            ("generation", $"{Units.Count(status.Generation)}, slot epoch {Units.Count(status.SlotEpoch)}"),
            ("manifest", status.ManifestFaults.Count == 0 ? "whole" : string.Join("; ", status.ManifestFaults)),
            ("bundle", $"{status.Bundle}, fingerprint {status.Fingerprint}"),
            ("images", Describe(status.Images)),
            ("captions", Describe(status.Captions)),
            ("embedding", $"{status.EmbeddingWidth}"),
            ("on disk", Units.Bytes(status.BytesOnDisk))));

        var fields = Tables.Titled("fields", "of", "field", "#rows", "#size");
        foreach (var (of, counts) in new[] { ("images", status.Images), ("captions", status.Captions) })
        {
            foreach (var field in counts.Fields)
            {
                fields.Add(of, field.Field, Units.Count(field.Rows), Units.Bytes(field.Bytes));
            }
        }

        console.Write(fields);
        var sources = Tables.Titled("sources", "source", "#next row", "#stored", "#of them replacing", "#unchanged", "#rejected", "state");
        foreach (var entry in status.Sources)
        {
            sources.Add(entry.SourceKey, Units.Count(entry.NextRow), Units.Count(entry.Ingested), Units.Count(entry.Replaced), Units.Count(entry.Skipped), Units.Count(entry.Rejected), entry.Completed ? "complete" : "to be resumed");
        }

        console.Write(sources);
    }

    private static string Describe(Collection collection) =>
        $"{Units.Count(collection.Count)}{(collection.Deleted > 0 ? $", and {Units.Count(collection.Deleted)} deleted or replaced" : "")}";

    private sealed record Status(
        string Index,
        long Generation,
        int SlotEpoch,
        IReadOnlyList<ManifestFault> ManifestFaults,
        string Bundle,
        string Fingerprint,
        int EmbeddingWidth,
        Collection Images,
        Collection Captions,
        long BytesOnDisk,
        IReadOnlyList<SourceCheckpoint> Sources)
    {
        public static Status Of(string path)
        {
            using var index = LocalIndex.Open(path);
            return new Status(
                path, index.Generation, index.SlotEpoch, index.ManifestFaults, index.Schema.BundleName, index.Fingerprint, index.Schema.EmbeddingWidth,
                Collection.Of(index.Images), Collection.Of(index.Captions), BytesIn(path), index.Ledger);
        }

        private static long BytesIn(string path) => new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
    }

    private sealed record Collection(long Count, long Deleted, IReadOnlyList<FieldSize> Fields)
    {
        public static Collection Of(IndexBank bank) => new(
            bank.Count, bank.Deleted.Count, [.. bank.Fields.Append(bank.Embedding).Select(field => new FieldSize(field.Spec.ToString(), field.Rows, field.Bytes))]);
    }

    private sealed record FieldSize(string Field, long Rows, long Bytes);
}
