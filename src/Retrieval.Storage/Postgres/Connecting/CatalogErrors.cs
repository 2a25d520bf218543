using System.Net.Sockets;
using Npgsql;
using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>Classifies the driver's errors. Its own <c>IsTransient</c> is not suitable: it counts a full disk as transient.</summary>
internal static class CatalogErrors
{
    /// <summary>Whether the error comes from the driver or the network and so belongs to <see cref="Translate"/>.</summary>
    // A message that the driver does not expect is a plain Exception. The driver meets one now and then when a query is given up just
    // as its answer comes, and closes the connection.
    public static bool IsOurs(Exception exception) =>
        exception is NpgsqlException or SocketException or IOException or TimeoutException || exception.GetType() == typeof(Exception);

    /// <summary>Whether two writers conflicted and the same transaction can simply be run again.</summary>
    public static bool IsConflict(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable };

    /// <summary>
    /// Whether the driver has no number for a pgvector type, or has one that the database does not know: see
    /// <see cref="Catalog.UseVectorsAsync"/>.
    /// </summary>
    public static bool IsOfUnknownType(Exception exception) =>
        exception is InvalidCastException || exception.InnerException is PostgresException
        {
            SqlState: PostgresErrorCodes.InternalError or PostgresErrorCodes.UndefinedObject,
        } refused && refused.MessageText.Contains("type", StringComparison.Ordinal);

    /// <summary>
    /// Whether Postgres could not get memory that it shares with parallel workers. A full <c>/dev/shm</c> has the SQLSTATE of a
    /// full disk, and the message is in the server's language: the file that it comes from tells them apart.
    /// </summary>
    public static bool IsOfSharedMemory(PostgresException exception) => exception.File == "dsm_impl.c";

    /// <summary>The error in this product's terms.</summary>
    /// <param name="what">What was being done, e.g. <c>storing rows 0 to 31</c>.</param>
    /// <param name="exception">The driver's error.</param>
    public static RetrievalException Translate(string what, Exception exception) => exception switch
    {
        PostgresException refused when !MeansUnavailable(refused) => Refused(what, refused),
        _ => new CatalogUnavailableException(what, exception),
    };

    private static CatalogException Refused(string what, PostgresException refused) => refused.SqlState switch
    {
        _ when IsOfSharedMemory(refused) =>
            new(what, CatalogFault.SharedMemory, $"Postgres has too little shared memory, /dev/shm on Linux (a container's is 64 MB unless it is given more, with --shm-size): {refused.MessageText}", refused),
        PostgresErrorCodes.DiskFull => new(what, CatalogFault.DiskFull, $"Postgres has no room left on its disk ({refused.MessageText})", refused),
        PostgresErrorCodes.IoError => new(what, CatalogFault.Other, $"Postgres cannot read or write its own files; see its log and its disk ({refused.MessageText})", refused),
        PostgresErrorCodes.InsufficientPrivilege => new(what, CatalogFault.Forbidden, $"the database role may not do this ({refused.MessageText})", refused),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.UndefinedColumn =>
            new(what, CatalogFault.Schema, $"the database's schema is not this version's ({refused.MessageText}); run `retrieval index migrate`", refused),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            new(what, CatalogFault.Other, $"Postgres refuses the sign-in: {refused.MessageText} (SQLSTATE {refused.SqlState})", refused),
        _ when IsConflict(refused) => new(what, CatalogFault.Busy, $"timed out waiting for a lock ({refused.MessageText})", refused),
        _ => new(what, CatalogFault.Other, $"Postgres refused: {refused.MessageText} (SQLSTATE {refused.SqlState})", refused),
    };

    /// <summary>
    /// Whether the server refused for a temporary reason that does not pass within this session. Another session may reach a
    /// server that accepts.
    /// </summary>
    // 08: connection exceptions. 57P0x: shutting down, crashed, starting, idle session ended. 53300: no connection free.
    // 25P03 and 57P05: the server ended an idle session. 57014: our own time limit.
    // 25006: read-only. The name leads to a standby while another server is made the primary.
    // 53200: other sessions use the memory now. Replicas answer from their copies, and writers retry for a while.
    // Not 58030, a file the server cannot read or write: an operator must look at it, and more load does not help a failing disk.
    public static bool MeansUnavailable(PostgresException exception) =>
        exception.SqlState.StartsWith("08", StringComparison.Ordinal) || exception.SqlState.StartsWith("57P", StringComparison.Ordinal)
        || exception.SqlState is "53300" or "25P03" or "57014" or PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.OutOfMemory;
}
