using System.Globalization;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Limits.Connections;

/// <summary>
/// Divides the descriptors of the process: the needs of the program, the index and Postgres are reserved, and connections get the
/// rest. A process without a free descriptor can neither load code nor open an index, and terminates.
/// </summary>
internal static class DescriptorBudget
{
    /// <summary>Fewest connections that are worth serving.</summary>
    public const int LeastConnections = 16;

    // Assemblies, native libraries, pipes and event queues: a server that has answered searches has 224 open.
    private const int Program = 288;

    // An index has up to 36 files per generation. Four generations: the one served, its successor, one still held by requests in
    // progress, and one being written or checked.
    private const int FilesOfGeneration = 36;
    private const int Generations = 4;

    // Listening sockets, the log, the files of an ingestion's source, a graphics device.
    private const int Other = 48;

    // The maximum number of connections in the driver's pool, and those that copy an index.
    private const int Postgres = 100;

    /// <summary>Number of connections to serve: as configured, or as many as fit below the limit of open files.</summary>
    /// <param name="options">The options.</param>
    /// <param name="limit">The limit of open files; null for none.</param>
    /// <exception cref="InvalidConfigurationException">Not even <see cref="LeastConnections"/> fit.</exception>
    public static int Connections(ServerOptions options, long? limit)
    {
        var indexes = 1 + options.FurtherIndexes.Count;
        var reserved = Program + (FilesOfGeneration * Generations * indexes) + Other + ConnectionTable.HealthPermits;
        reserved += options.Postgres.IsSet ? Postgres + (options.Postgres.Streams * indexes) : 0;
        var wanted = Math.Min(options.Http.MaxConnections, LeastConnections);
        return limit is not { } files || files >= reserved + options.Http.MaxConnections ? options.Http.MaxConnections
            : files >= reserved + wanted ? (int)(files - reserved)
            : throw new InvalidConfigurationException([string.Create(
                CultureInfo.InvariantCulture,
                $"the limit of open files (ulimit -n) is {files}; expected at least {reserved + wanted}, or {reserved + options.Http.MaxConnections} for the {options.Http.MaxConnections} connections of Http:MaxConnections")]);
    }
}
