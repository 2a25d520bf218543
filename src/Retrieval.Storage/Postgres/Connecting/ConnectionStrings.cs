using Npgsql;
using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>Parses the connection strings that people and other tools write.</summary>
internal static class ConnectionStrings
{
    /// <exception cref="InvalidInputException">The text is neither keywords nor an address.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        try
        {
            var builder = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal)
                ? OfUri(new Uri(text))
                : new NpgsqlConnectionStringBuilder(text);
            return (builder.Host, builder.Port) switch
            {
                (null or "", _) => throw new InvalidInputException("names no host", field: "connection string"),
                (_, < 1 or > 65_535) => throw new InvalidInputException($"has port {builder.Port}; expected 1 to 65535", field: "connection string"),
                _ => builder,
            };
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            // The text may contain a password, and the driver's message may contain parts of the text, so neither is repeated.
            throw new InvalidInputException("is not a connection string; expected Host=…;Database=…;Username=… or postgresql://user@host:port/database", field: "connection string", innerException: exception);
        }
    }

    private static NpgsqlConnectionStringBuilder OfUri(Uri uri)
    {
        var builder = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(uri.Host) };
        if (uri.Port > 0)
        {
            builder.Port = uri.Port;
        }

        if (uri.AbsolutePath.Length > 1)
        {
            builder.Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        }

        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2)))
        {
            // libpq's names for settings that people often give. Anything else must be a keyword of the driver.
            var key = pair[0] switch { "sslmode" => "SSL Mode", "application_name" => "Application Name", "connect_timeout" => "Timeout", var other => other };
            builder[key] = Uri.UnescapeDataString(pair.Length > 1 ? pair[1] : "").Replace("verify-full", "VerifyFull", StringComparison.Ordinal).Replace("verify-ca", "VerifyCA", StringComparison.Ordinal);
        }

        return builder;
    }
}
