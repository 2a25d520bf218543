using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Retrieval.Server.Configuration;
using Retrieval.Server.Logging;

namespace Retrieval.Server.Console;

/// <summary>
/// The console: <c>/</c> and the files that it names, all from the assembly. A browser may load nothing else, run no script that
/// stands in a page, and show the page in no other page's frame.
/// </summary>
internal static class ConsoleEndpoints
{
    private const string Page = "index.html";

    public static void MapConsole(this WebApplication app, ServerOptions options)
    {
        if (!options.Console.Enabled)
        {
            return;
        }

        // Blobs are pictures that the page has fetched with its key.
        var policy = $"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:{(options.Pictures.Origin is { } origin ? " " + origin : "")}; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

        // Without a key: there is nothing in it but the program, and a browser sends no key for a page. It asks for one when it has to.
    // Without a limit: a browser asks for all modules at once, and what is sent lies in memory.
        foreach (var (name, file) in ConsoleFiles.All)
        {
            app.MapGet(name == Page ? "/" : "/console/" + name, (HttpContext context) => Send(context, file, policy))
                .ExcludeFromDescription()
                .AllowAnonymous()
                .WithMetadata(new QuietInLog());
        }
    }

    private static IResult Send(HttpContext context, ConsoleFile file, string policy)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = policy;
        headers["Referrer-Policy"] = "no-referrer";
        return Results.Bytes(file.Content, file.MediaType, entityTag: new EntityTagHeaderValue(file.Tag));
    }
}
