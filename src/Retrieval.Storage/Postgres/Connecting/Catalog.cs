using System.Security.Cryptography;
using Npgsql;
using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>The database that is the source of truth: a connection pool and one way to use it.</summary>
public sealed class Catalog : IAsyncDisposable
{
    // How long to wait for the server to confirm a cancelled statement before its connection is closed.
    private const int CancelMilliseconds = 500;
    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlDataSource _own;
    private readonly string? _passwordFile;
    private readonly bool _givenPassword;

    /// <summary>Prepares the pool without connecting.</summary>
    /// <exception cref="InvalidInputException">The connection string cannot be understood, or the password's file cannot be read.</exception>
    public Catalog(CatalogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var given = ConnectionStrings.Parse(options.ConnectionString);
        Default(given, nameof(given.ApplicationName), "retrieval", (builder, value) => builder.ApplicationName = value);
        Default(given, nameof(given.Timeout), options.ConnectSeconds, (builder, value) => builder.Timeout = value);
        Default(given, nameof(given.CommandTimeout), options.CommandSeconds, (builder, value) => builder.CommandTimeout = value);
        Default(given, nameof(given.CancellationTimeout), CancelMilliseconds, (builder, value) => builder.CancellationTimeout = value);
        Default(given, nameof(given.MaxAutoPrepare), 64, (builder, value) => builder.MaxAutoPrepare = value);
        Default(given, nameof(given.AutoPrepareMinUsages), 2, (builder, value) => builder.AutoPrepareMinUsages = value);
        CommandSeconds = given.CommandTimeout;
        Name = $"{given.Host}/{given.Database ?? given.Username}";

        // Detects a host that disappears silently within a minute, even during a statement that may take hours.
        Default(given, nameof(given.TcpKeepAlive), true, (builder, value) => builder.TcpKeepAlive = value);
        Default(given, nameof(given.TcpKeepAliveTime), 15, (builder, value) => builder.TcpKeepAliveTime = value);
        Default(given, nameof(given.TcpKeepAliveInterval), 5, (builder, value) => builder.TcpKeepAliveInterval = value);
        _passwordFile = options.PasswordFile;
        _givenPassword = !string.IsNullOrEmpty(given.Password);
        _source = Build(given, options.PasswordFile);
        given.Pooling = false;
        // A writer's transaction ends in one batch of statements, which must be sent in one piece.
        Default(given, nameof(given.WriteBufferSize), 64 * 1024, (builder, value) => builder.WriteBufferSize = value);
        _own = Build(given, options.PasswordFile);
    }

    /// <summary>Checks that the options can be parsed. Does not connect and does not read the password file.</summary>
    /// <exception cref="InvalidInputException">The connection string cannot be understood.</exception>
    public static void Validate(CatalogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var source = Build(ConnectionStrings.Parse(options.ConnectionString), passwordFile: null);
    }

    /// <summary>Host and database, for messages; never a password.</summary>
    public string Name { get; }

    /// <summary>Seconds a statement may go without an answer.</summary>
    internal int CommandSeconds { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync().ConfigureAwait(false);
        await _own.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Opens a dedicated connection outside the pool. Its locks and staging tables are released when it is closed. The driver's
    /// errors are not translated.
    /// </summary>
    internal ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => OpenAsync(_own, cancellationToken);

    /// <summary>Runs work on a pooled connection and translates errors into this product's terms.</summary>
    /// <param name="what">What is being done, for messages.</param>
    /// <param name="work">Receives a connection and the token.</param>
    /// <param name="cancellationToken">Ends the wait and asks the server to stop.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    internal async Task<T> UseAsync<T>(string what, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await OpenAsync(_source, cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                return await work(connection, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (CatalogErrors.IsOurs(exception))
        {
            // A cancelled statement may come back as the server's 57014.
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction })
            {
                // These connections lead to a standby. New ones go to the server that the name leads to by then.
                _source.Clear();
            }

            throw CatalogErrors.Translate(what, exception);
        }
    }

    /// <summary>
    /// Runs work that uses pgvector's types. The driver asks a database only once for the type number of <c>halfvec</c>. That
    /// number is stale if the extension is created later, or created again, for example by a restore. In that case the types are
    /// reloaded and the work is run once more.
    /// </summary>
    /// <inheritdoc cref="UseAsync{T}" path="/param"/>
    /// <inheritdoc cref="UseAsync{T}" path="/exception"/>
    internal async Task<T> UseVectorsAsync<T>(string what, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await UseAsync(what, work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (CatalogErrors.IsOfUnknownType(exception))
        {
            await ReloadTypesAsync(what, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await UseAsync(what, work, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidCastException exception)
        {
            throw new CatalogException(what, CatalogFault.Schema, "the driver finds no type halfvec in this database: is pgvector there, and does the connection string load types?", exception);
        }
    }

    /// <summary>Reloads the database's types. Call it after the extension has been created.</summary>
    internal async Task ReloadTypesAsync(string what, CancellationToken cancellationToken)
    {
        await UseAsync(what, async (connection, cancellation) =>
        {
            await connection.ReloadTypesAsync(cancellation).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);

        // The other pooled connections still have the old types.
        _source.Clear();
    }

    private async ValueTask<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (_passwordFile is not null && exception.SqlState is PostgresErrorCodes.InvalidPassword)
        {
            // While a password is changed, the file and the server disagree for a moment.
            throw new SignInRefusedException($"the password in {_passwordFile} is not the role's ({exception.MessageText})", exception);
        }
        catch (NpgsqlException exception) when (exception is not PostgresException && exception.InnerException is null && HasNoPassword())
        {
            // The only error of the driver on connecting that has no cause in the network or the server: a password was
            // requested and none was given.
            throw new SignInRefusedException($"it asks for a password, and {(_passwordFile is null ? "none is configured" : $"{_passwordFile} is empty")} ({exception.Message})", exception);
        }
        catch (Exception exception) when (exception is CryptographicException or UnauthorizedAccessException)
        {
            // The driver reads the connection's certificates and key for each connection. While they are exchanged they may not fit.
            throw new NpgsqlException($"a certificate or key of the connection cannot be used: {exception.Message}", exception);
        }
    }

    private bool HasNoPassword() => _passwordFile is null ? !_givenPassword : ReadPassword(_passwordFile).Length == 0;

    private static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder given, string? passwordFile)
    {
        var builder = new NpgsqlDataSourceBuilder(given.ConnectionString);
        if (passwordFile is not null)
        {
            ReadPassword(passwordFile);
            builder.UsePasswordProvider(_ => ReadPassword(passwordFile), (_, _) => ValueTask.FromResult(ReadPassword(passwordFile)));
        }

        builder.UseVector();
        return builder.Build();
    }

    private static string ReadPassword(string file)
    {
        try
        {
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"the password's file cannot be read: {exception.Message}", file: file, innerException: exception);
        }
    }

    private static void Default<T>(NpgsqlConnectionStringBuilder given, string property, T value, Action<NpgsqlConnectionStringBuilder, T> set)
    {
        if (!given.ShouldSerialize(KeywordOf(property)))
        {
            set(given, value);
        }
    }

    // The driver's keywords have a blank before each inner capital of the property's name, with one exception.
    private static string KeywordOf(string property) =>
        string.Concat(property.Select((letter, i) => i > 0 && char.IsUpper(letter) ? $" {letter}" : $"{letter}")).Replace("Keep Alive", "Keepalive", StringComparison.Ordinal);
}
