"""Runs one prompt with an SDK, as an order on the command line says, and prints every message as a line of JSON."""

import dataclasses
import json
import sys

import anyio


async def run_agent_sdk(prompt, options):
    from claude_agent_sdk import ClaudeAgentOptions, create_sdk_mcp_server, query, tool

    @tool("weigh", "Weighs the stone.", {})
    async def weigh(_arguments):
        return {"content": [{"type": "text", "text": "42 grams"}]}

    stones = create_sdk_mcp_server(name="stones", tools=[weigh])
    async for message in query(prompt=prompt, options=ClaudeAgentOptions(mcp_servers={"stones": stones}, **options)):
        tell(message)


async def run_code_sdk(prompt, options):
    from claude_code_sdk import ClaudeCodeOptions, query

    async for message in query(prompt=prompt, options=ClaudeCodeOptions(**options)):
        tell(message)


def tell(message):
    print(json.dumps({"kind": type(message).__name__, **dataclasses.asdict(message)}, default=str), flush=True)


order = json.loads(sys.argv[1])
run = run_agent_sdk if order["sdk"] == "claude-agent-sdk" else run_code_sdk
anyio.run(run, order["prompt"], order["options"])
