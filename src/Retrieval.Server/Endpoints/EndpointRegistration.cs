using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Server.Access;
using Retrieval.Server.Configuration;
using Retrieval.Server.Limits;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Pictures;

namespace Retrieval.Server.Endpoints;

/// <summary>The routes of <c>/v1</c>, all subject to the limits.</summary>
internal static class EndpointRegistration
{
    public static void MapQueries(this WebApplication app, ServerOptions options)
    {
        var queries = app.MapGroup("/v1").RequireRole(Role.Query).RequireLimits().ProducesCommonProblems();
        var computed = queries.MapGroup("").AddEndpointFilter<RouteGroupBuilder, EndsInTime>();
        computed.MapSearch(options.Http);
        computed.MapBatch();
        computed.MapScore();
        computed.MapExplain(options.Http);
        queries.MapImageList();
        queries.MapImages(options.Http);
        queries.MapPictures();
        queries.MapModel();
        queries.MapIngestions();
        queries.MapIndexes();
    }
}
